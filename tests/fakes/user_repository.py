from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from internal.domain.email_address import EmailAddress
from internal.domain.events import Event
from internal.domain.user import EmailAlreadyRegistered, LastAdmin, User, UserChanged
from tests.fakes.account_tokens import FakeAccountTokens
from tests.fakes.session_repository import FakeSessionRepository


class FakeUserRepository:
    def __init__(
        self,
        *,
        sessions: FakeSessionRepository,
        account_tokens: FakeAccountTokens,
        record: Callable[[Event], None],
    ) -> None:
        self._sessions = sessions
        self._account_tokens = account_tokens
        self._record = record
        self.by_id: dict[UUID, User] = {}

    async def add(self, user: User) -> None:
        if await self.get_by_email(user.email):
            raise EmailAlreadyRegistered
        self._store(user)

    async def get(self, user_id: UUID) -> User | None:
        return self.by_id.get(user_id)

    async def hold(self, user_id: UUID) -> User | None:
        return await self.get(user_id)

    async def get_by_email(self, email: EmailAddress) -> User | None:
        return next((user for user in self.by_id.values() if user.email == email), None)

    async def of_session(self, session_id: UUID) -> User | None:
        session = await self._sessions.get(session_id)
        return self.by_id[session.user_id] if session else None

    async def save(self, user: User) -> None:
        stored = self.by_id.get(user.id)
        if stored is None or stored.version != user.version - 1:
            raise UserChanged
        namesake = await self.get_by_email(user.email)
        if namesake and namesake.id != user.id:
            raise EmailAlreadyRegistered
        self._store(user)

    async def require_other_admin(self, user: User) -> None:
        if not any(other.is_active_admin and other.id != user.id for other in self.by_id.values()):
            raise LastAdmin

    async def delete(self, user: User) -> bool:
        await self._sessions.end_all(user.id)
        tokens = self._account_tokens.by_digest
        for digest in [digest for digest, token in tokens.items() if token.user_id == user.id]:
            del tokens[digest]
        was_there = self.by_id.pop(user.id, None) is not None
        if was_there and user.recorded:
            self._record(user.recorded)
        return was_there

    async def replace_password_hash(self, user: User, password_hash: str) -> bool:
        stored = self.by_id.get(user.id)
        if stored is None or stored.password_hash != user.password_hash:
            return False
        self.by_id[user.id] = replace(stored, password_hash=password_hash)
        return True

    def _store(self, user: User) -> None:
        self.by_id[user.id] = replace(user, recorded=None)
        if user.recorded:
            self._record(user.recorded)
