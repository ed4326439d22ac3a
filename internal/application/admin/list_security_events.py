from dataclasses import dataclass

from internal.application.event_pages import require_page_size
from internal.domain.errors import InvalidInput
from internal.domain.role import Permission
from internal.domain.user import User
from internal.ports.security_event_log import EventFilter, EventPage, SecurityEventLog


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSecurityEventsCommand:
    actor: User
    wanted: EventFilter
    size: int
    cursor: str | None


class ListSecurityEvents:
    def __init__(self, *, security_event_log: SecurityEventLog) -> None:
        self._log = security_event_log

    async def __call__(self, command: ListSecurityEventsCommand) -> EventPage:
        """Return the events of all accounts that fit the filter, the newest first.

        Raises:
            NotPermitted: the actor may not view security events.
            InvalidInput: the size is not within 1 to 100, a time has no zone, or the cursor is malformed.
        """
        command.actor.require(Permission.VIEW_SECURITY_EVENTS)
        require_page_size(command.size)
        times = {"from": command.wanted.since, "to": command.wanted.until}
        vague = {
            name: ["needs a time zone"] for name, time in times.items() if time and time.utcoffset() is None
        }
        if vague:
            raise InvalidInput(vague)
        return await self._log.page(command.wanted, size=command.size, cursor=command.cursor)
