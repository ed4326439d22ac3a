from datetime import timedelta

from internal.domain.session import IDLE_FOR
from internal.ports.account_history import COUNTED_FOR

TOKENS_FOR = timedelta(days=1)


class FakeAccountHistory:
    """Knows the age of each entry: since a session was used, a token expired, or an event occurred."""

    def __init__(self) -> None:
        self.sessions: list[timedelta] = []
        self.account_tokens: list[timedelta] = []
        self.security_events: list[timedelta] = []
        self.counted_log_ins: list[timedelta] = []

    async def purge_sessions(self, *, at_most: int) -> int:
        return _purge(self.sessions, IDLE_FOR, at_most)

    async def purge_account_tokens(self, *, at_most: int) -> int:
        return _purge(self.account_tokens, TOKENS_FOR, at_most)

    async def purge_security_events(self, *, kept_for: timedelta, at_most: int) -> int:
        return _purge(self.security_events, kept_for, at_most)

    async def purge_counted_log_ins(self, *, at_most: int) -> int:
        return _purge(self.counted_log_ins, COUNTED_FOR, at_most)


def _purge(ages: list[timedelta], kept_for: timedelta, at_most: int) -> int:
    old = [age for age in ages if age >= kept_for][:at_most]
    for age in old:
        ages.remove(age)
    return len(old)
