"""Accounts with a role, a state and a session, stored without the API."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from internal.domain.caller import Caller
from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.role import Role
from internal.domain.session import Session
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container

NOBODY = Caller(address=None, user_agent=None, request_id=None)


@dataclass(frozen=True)
class Account:
    user: User
    session_id: UUID
    token: str

    @property
    def id(self) -> UUID:
        return self.user.id

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def stored_account(
    container: Container,
    *,
    role: Role = Role.USER,
    is_verified: bool = True,
    is_disabled: bool = False,
    name: str = "Ada",
    email: str | None = None,
    password_hash: str = "hash",  # noqa: S107 - no password has it
) -> Account:
    """Store a user with a session, and issue an access token for it."""
    now = container.clock().now()
    user = User(
        id=uuid4(),
        email=EmailAddress.parse(email or f"{uuid4().hex}@example.com"),
        name=DisplayName.parse(name),
        password_hash=password_hash,
        created_at=now,
        updated_at=now,
        role=role,
        verified_at=now if is_verified else None,
        disabled_at=now if is_disabled else None,
    )
    session = Session.begin(session_id=uuid4(), user_id=user.id, caller=NOBODY, now=now)
    async with container.database.unit_of_work() as uow:
        await uow.users.add(user)
        await uow.sessions.add(session, token_digest=uuid4().bytes * 2)
        await uow.commit()
    token = container.security.token_issuer().issue(user.id, session_id=session.id)
    return Account(user=user, session_id=session.id, token=token)
