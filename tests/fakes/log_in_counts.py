from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from uuid import UUID


class FakeLogInCounts:
    def __init__(self) -> None:
        self.counted: dict[UUID, datetime] = {}

    async def add(self, event_id: UUID, *, occurred_at: datetime) -> None:
        self.counted.setdefault(event_id, occurred_at)

    async def per_day(self, *, since: date) -> Mapping[date, int]:
        days = (moment.astimezone(UTC).date() for moment in self.counted.values())
        return Counter(sorted((day for day in days if day >= since), reverse=True))
