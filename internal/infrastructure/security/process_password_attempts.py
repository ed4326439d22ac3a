from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic

from internal.ports.password_attempts import LockoutPolicy

# The least recently tried ones are forgotten: an attacker must not fill the memory.
MOST_ACCOUNTS = 50_000


@dataclass(slots=True)
class _Failures:
    in_a_row: int = 0
    recent: int = 0
    """Those without a pause of the policy's window in between."""
    began_at: float = 0
    open_at: float = 0


class ProcessPasswordAttempts:
    """The failures of accounts, in this process alone. `password_attempts.lua` does the same in Redis."""

    def __init__(self, policy: LockoutPolicy) -> None:
        self._policy = policy
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def begin(self, account: str) -> tuple[bool, float]:
        """Whether this attempt may begin, and the seconds until the next one may, if this one fails."""
        now = monotonic()
        failures = self._of(account, now)
        if failures.open_at > now:
            return False, failures.open_at - now
        if now - failures.open_at >= self._policy.window.total_seconds():
            failures.recent = 0
        failures.in_a_row += 1
        failures.recent += 1
        failures.began_at = now
        wait = self._wait_after(failures)
        failures.open_at = now + wait
        return True, wait

    def give_back(self, account: str) -> None:
        if failures := self._failures.get(account):
            failures.in_a_row -= 1
            failures.recent -= 1
            failures.open_at = min(failures.open_at, monotonic())

    def forget(self, account: str) -> None:
        self._failures.pop(account, None)

    def _of(self, account: str, now: float) -> _Failures:
        failures = self._failures.pop(account, None)
        if failures is None or now - failures.began_at >= self._policy.forget_after.total_seconds():
            failures = _Failures()
        self._failures[account] = failures
        if len(self._failures) > MOST_ACCOUNTS:
            self._failures.popitem(last=False)
        return failures

    def _wait_after(self, failures: _Failures) -> float:
        policy = self._policy
        if failures.in_a_row >= policy.ceiling:
            return policy.forget_after.total_seconds()
        if failures.recent < policy.free:
            return 0
        wait = policy.first_wait.total_seconds() * 2.0 ** (failures.recent - policy.free)
        return min(wait, policy.window.total_seconds())
