from collections.abc import Mapping
from datetime import datetime

from internal.domain.errors import RateLimited
from internal.ports.rate_limiter import Limit, Quota, Uses
from tests.fakes.clock import FakeClock


class FakeRateLimiter:
    """Fixed windows, like the real one. A limit without a quota is never exhausted."""

    def __init__(
        self, quotas: Mapping[Limit, Quota] | None = None, *, clock: FakeClock | None = None
    ) -> None:
        self.quotas = dict(quotas or {})
        self.used: dict[tuple[Limit, str], int] = {}
        self._ends: dict[tuple[Limit, str], datetime] = {}
        self._clock = clock or FakeClock()

    async def count(self, uses: Uses) -> None:
        for use in uses.items():
            quota = self.quotas.get(use[0])
            now = self._clock.now()
            if quota and self._ends.get(use, now) <= now:
                self._ends[use] = now + quota.window
                self.used.pop(use, None)
            if quota and self.used.get(use, 0) >= quota.most:
                raise RateLimited(self._ends[use] - now)
            self.used[use] = self.used.get(use, 0) + 1

    async def give_back(self, uses: Uses) -> None:
        for use in uses.items():
            self.used[use] = max(0, self.used.get(use, 0) - 1)
