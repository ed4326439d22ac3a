"""The use cases of administrators on fakes."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from internal.domain.caller import Caller
from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.role import Role
from internal.domain.security_event import EventName
from internal.domain.session import Session
from internal.domain.user import User
from tests.fakes.clock import FakeClock
from tests.fakes.unit_of_work import FakeUnitOfWork

CALLER = Caller(address="192.0.2.7", user_agent="test", request_id="r1")


class Office:
    """Its admin acts on `subject`."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.uow = FakeUnitOfWork(clock=self.clock)
        self.admin = self.add(role=Role.ADMIN)
        self.subject = self.add()

    def add(self, **changes: Any) -> User:
        user_id = uuid4()
        user = User.register(
            user_id=user_id,
            email=EmailAddress.parse(f"{user_id.hex}@example.com"),
            name=DisplayName.parse("Ada"),
            password_hash="hash",
            now=self.clock.now(),
        )
        self.uow.users.by_id[user_id] = replace(user, **changes)
        return self.uow.users.by_id[user_id]

    async def log_in(self, user: User) -> None:
        session = Session.begin(session_id=uuid4(), user_id=user.id, caller=CALLER, now=self.clock.now())
        async with self.uow as uow:
            await uow.sessions.add(session, token_digest=b"digest")
            await uow.commit()

    def stored(self, user: User) -> User | None:
        return self.uow.users.by_id.get(user.id)

    @property
    def events(self) -> list[tuple[EventName, UUID | None, UUID | None]]:
        recorded = self.uow.security_events.recorded
        return [(event.name, event.actor_id, event.subject_id) for event in recorded]
