from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol
from uuid import UUID


class LogInCounts(Protocol):
    """Counts log-ins per day, in UTC.

    Raises:
        Unavailable: the store cannot be reached.
    """

    async def add(self, event_id: UUID, *, occurred_at: datetime) -> None:
        """Count a log-in, unless an event with this id was counted before."""
        ...

    async def per_day(self, *, since: date) -> Mapping[date, int]:
        """Return the number of each day from `since` on, the latest first, without days that had none."""
        ...
