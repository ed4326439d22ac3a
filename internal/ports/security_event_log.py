"""Security events, as users and administrators read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from internal.domain.caller import Caller
from internal.domain.security_event import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """A security event that was stored. A newer version may have recorded it, so `name` is any text."""

    id: int
    occurred_at: datetime
    name: str
    result: Result
    actor_id: UUID | None
    subject_id: UUID | None
    caller: Caller
    operator: str | None = None
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events to list: all that fit every condition. `until` is exclusive.

    only_on_tasks: nothing but what operators did to tasks.
    """

    only_on_tasks: bool = False
    name: str | None = None
    result: Result | None = None
    actor_id: UUID | None = None
    operator: str | None = None
    subject_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """`next` is the cursor of the next page, or None on the last page."""

    events: Sequence[RecordedEvent]
    next: str | None


class SecurityEventLog(Protocol):
    async def page(self, wanted: EventFilter, *, size: int, cursor: str | None = None) -> EventPage:
        """Return at most `size` events, the newest first, after those that precede the cursor.

        Raises:
            InvalidCursor: it is malformed.
            Unavailable: the store cannot be reached.
        """
        ...
