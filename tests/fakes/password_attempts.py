from dataclasses import dataclass
from datetime import datetime, timedelta

from internal.domain.errors import RateLimited
from internal.ports.password_attempts import LockoutPolicy
from tests.fakes.clock import FakeClock

LENIENT = LockoutPolicy(free=1000, window=timedelta(minutes=15), ceiling=1000)


@dataclass
class Failures:
    count: int
    recent: int
    last_at: datetime
    wait: timedelta


class FakePasswordAttempts:
    def __init__(self, policy: LockoutPolicy = LENIENT, *, clock: FakeClock | None = None) -> None:
        self.failures: dict[str, Failures] = {}
        self.policy = policy
        self._clock = clock or FakeClock()

    async def begin(self, account: str) -> timedelta:
        now = self._clock.now()
        known = self.failures.get(account)
        if known is None or now - known.last_at >= self.policy.forget_after:
            known = self.failures[account] = Failures(0, 0, now, timedelta(0))
        open_at = known.last_at + known.wait
        if open_at > now:
            raise RateLimited(open_at - now)
        known.recent = 0 if now - open_at >= self.policy.window else known.recent
        known.count, known.recent, known.last_at = known.count + 1, known.recent + 1, now
        known.wait = self._wait_after(known)
        return known.wait

    async def give_back(self, account: str) -> None:
        if known := self.failures.get(account):
            known.count, known.recent, known.wait = known.count - 1, known.recent - 1, timedelta(0)

    async def forget(self, account: str) -> None:
        self.failures.pop(account, None)

    def _wait_after(self, failures: Failures) -> timedelta:
        if failures.count >= self.policy.ceiling:
            return self.policy.forget_after
        if failures.recent < self.policy.free:
            return timedelta(0)
        return min(self.policy.first_wait * 2.0 ** (failures.recent - self.policy.free), self.policy.window)
