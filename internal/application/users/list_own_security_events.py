from dataclasses import dataclass, replace

from internal.application.page_sizes import require_page_size
from internal.domain.caller import Caller
from internal.domain.user import User
from internal.ports.security_event_log import EventFilter, EventPage, RecordedEvent, SecurityEventLog

_UNTOLD = Caller(address=None, user_agent=None, request_id=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOwnSecurityEventsCommand:
    user: User
    size: int
    cursor: str | None


class ListOwnSecurityEvents:
    def __init__(self, *, security_event_log: SecurityEventLog) -> None:
        self._log = security_event_log

    async def __call__(self, command: ListOwnSecurityEventsCommand) -> EventPage:
        """Return what happened to the user's account, the newest first.

        Raises:
            InvalidInput: the size is not within 1 to 100, or the cursor is malformed.
        """
        require_page_size(command.size)
        page = await self._log.page(
            EventFilter(subject_id=command.user.id), size=command.size, cursor=command.cursor
        )
        return replace(page, events=[as_told_to(command.user, event) for event in page.events])


def as_told_to(user: User, event: RecordedEvent) -> RecordedEvent:
    """Users do not learn where the administrators are who changed their account."""
    return event if event.actor_id in {None, user.id} else replace(event, caller=_UNTOLD)
