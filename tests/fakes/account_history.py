from datetime import timedelta

from internal.domain.session import IDLE_FOR

TOKENS_FOR = timedelta(days=1)


class FakeAccountHistory:
    """Knows of each entry how long ago a session was used, a token expired, or an event occurred."""

    def __init__(self) -> None:
        self.sessions: list[timedelta] = []
        self.account_tokens: list[timedelta] = []
        self.security_events: list[timedelta] = []

    async def purge_sessions(self, *, at_most: int) -> int:
        return _purge(self.sessions, IDLE_FOR, at_most)

    async def purge_account_tokens(self, *, at_most: int) -> int:
        return _purge(self.account_tokens, TOKENS_FOR, at_most)

    async def purge_security_events(self, *, kept_for: timedelta, at_most: int) -> int:
        return _purge(self.security_events, kept_for, at_most)


def _purge(ages: list[timedelta], kept_for: timedelta, at_most: int) -> int:
    old = [age for age in ages if age >= kept_for][:at_most]
    for age in old:
        ages.remove(age)
    return len(old)
