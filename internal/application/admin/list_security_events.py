from dataclasses import dataclass
from datetime import datetime

from internal.application.page_sizes import problem_of_size
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
        _require_valid(command)
        return await self._log.page(command.wanted, size=command.size, cursor=command.cursor)


def _require_valid(command: ListSecurityEventsCommand) -> None:
    wanted = command.wanted
    problems = {
        "limit": problem_of_size(command.size),
        "from": _problem_of_time(wanted.since),
        "to": _problem_of_time(wanted.until),
    }
    if errors := {name: [problem] for name, problem in problems.items() if problem}:
        raise InvalidInput(errors)


def _problem_of_time(time: datetime | None) -> str | None:
    return "needs a time zone" if time and time.utcoffset() is None else None
