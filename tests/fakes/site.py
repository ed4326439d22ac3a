"""What the use cases of accounts are made of, all fakes, on one clock."""

from datetime import timedelta
from uuid import uuid4

from internal.application.auth.open_session import IssuedTokens, OpenSession
from internal.domain.security_event import EventName
from internal.domain.user import User
from tests.fakes.clock import FakeClock
from tests.fakes.password_attempts import FakePasswordAttempts
from tests.fakes.password_hasher import FakePasswordHasher
from tests.fakes.rate_limiter import FakeRateLimiter
from tests.fakes.refresh_tokens import FakeRefreshTokens
from tests.fakes.token_issuer import FakeTokenIssuer
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.support.callers import CALLER


class FakeSite:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.uow = FakeUnitOfWork(clock=self.clock)
        self.hasher = FakePasswordHasher()
        self.limits = FakeRateLimiter(clock=self.clock)
        self.attempts = FakePasswordAttempts(clock=self.clock)
        self.tokens = FakeTokenIssuer(clock=self.clock, ttl=timedelta(minutes=15))
        self.refresh_tokens = FakeRefreshTokens()
        self.open_session = OpenSession(
            token_issuer=self.tokens, refresh_tokens=self.refresh_tokens, clock=self.clock, new_id=uuid4
        )

    def store(self, *users: User) -> None:
        self.uow.users.by_id |= {user.id: user for user in users}

    async def log_in(self, user: User) -> IssuedTokens:
        """Store the user and open a session."""
        self.store(user)
        async with self.uow as uow:
            tokens = await self.open_session(uow, user, CALLER)
            await uow.commit()
        return tokens

    @property
    def events(self) -> list[EventName]:
        """The names of the recorded security events."""
        return [event.name for event in self.uow.security_events.recorded]
