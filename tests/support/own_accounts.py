"""What users need to change their own accounts: all fakes, on one clock, with one stored user."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from internal.application.auth.authenticate import Principal
from internal.application.users.confirm_password import ConfirmPassword
from internal.domain.account_token import TokenPurpose, digest_of
from internal.domain.security_event import EventName
from internal.domain.session import Session
from internal.domain.user import User
from internal.ports.password_attempts import LockoutPolicy
from internal.ports.rate_limiter import Limit, Quota
from internal.ports.tasks import Task
from tests.fakes.clock import FakeClock
from tests.fakes.password_attempts import LENIENT, FakePasswordAttempts
from tests.fakes.password_hasher import FakePasswordHasher, fake_hash
from tests.fakes.rate_limiter import FakeRateLimiter
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.support.account_tokens import token_for
from tests.support.callers import CALLER
from tests.support.new_password import new_password

PASSWORD = "correct horse"


class FakeOwnAccounts:
    def __init__(
        self,
        ada: User,
        *,
        policy: LockoutPolicy = LENIENT,
        quotas: Mapping[Limit, Quota] | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.uow = FakeUnitOfWork(clock=self.clock)
        self.hasher = FakePasswordHasher()
        self.attempts = FakePasswordAttempts(policy, clock=self.clock)
        self.limiter = FakeRateLimiter(quotas, clock=self.clock)
        self.new_password = new_password(hasher=self.hasher)
        self.confirm_password = ConfirmPassword(
            uow=self.uow,
            password_hasher=self.hasher,
            password_attempts=self.attempts,
            rate_limiter=self.limiter,
        )
        self.ada = replace(ada, password_hash=fake_hash(PASSWORD))
        self.uow.users.by_id[ada.id] = self.ada
        self.principal = Principal(user=self.ada, session_id=uuid4())

    @property
    def stored(self) -> User:
        return self.uow.users.by_id[self.ada.id]

    @property
    def events(self) -> list[EventName]:
        return [event.name for event in self.uow.security_events.recorded]

    @property
    def tasks(self) -> list[Task]:
        return [published.task for published in self.uow.published]

    async def open_session(self, session_id: UUID | None = None) -> UUID:
        session = Session.begin(
            session_id=session_id or uuid4(), user_id=self.ada.id, caller=CALLER, now=self.clock.now()
        )
        await self.uow.sessions.add(session, token_digest=session.id.bytes)
        return session.id

    async def mailed(self, purpose: TokenPurpose, *, email: str | None = None) -> str:
        """The token of a mail that has just been sent."""
        text, token = token_for(
            self.ada, purpose, email=email, valid_until=self.clock.now() + timedelta(hours=1)
        )
        await self.uow.account_tokens.add(token)
        return text

    def is_live(self, text: str) -> bool:
        return digest_of(text) not in self.uow.account_tokens.used
