from datetime import datetime, timedelta
from uuid import UUID

from internal.ports.clock import Clock
from internal.ports.idempotent_requests import RequestInProgress
from tests.fakes.clock import FakeClock


class FakeIdempotentRequests:
    """`in_progress` has the keys that somebody else has claimed and not committed."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or FakeClock()
        self.by_key: dict[str, tuple[UUID, datetime]] = {}
        self.in_progress: set[str] = set()

    async def claim(self, key: str, user_id: UUID) -> UUID | None:
        if key in self.in_progress:
            raise RequestInProgress
        if key in self.by_key and not self.is_over(key):
            return self.by_key[key][0]
        self.by_key[key] = (user_id, self._clock.now())
        return None

    def is_over(self, key: str) -> bool:
        return self._clock.now() - self.by_key[key][1] >= timedelta(days=1)
