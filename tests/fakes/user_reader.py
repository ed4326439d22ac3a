from collections.abc import Collection
from uuid import UUID

from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from tests.fakes.unit_of_work import FakeUnitOfWork


class FakeUserReader:
    """Reads the users of a FakeUnitOfWork."""

    def __init__(self, uow: FakeUnitOfWork) -> None:
        self._uow = uow

    async def get(self, user_id: UUID) -> User | None:
        return await self._uow.users.get(user_id)

    async def get_by_email(self, email: EmailAddress) -> User | None:
        return await self._uow.users.get_by_email(email)

    async def of_session(self, session_id: UUID) -> User | None:
        return await self._uow.users.of_session(session_id)

    async def password_costs(self) -> Collection[str]:
        hashes = [user.password_hash for user in self._uow.users.by_id.values()]
        return {password_hash.rsplit("$", 2)[0] for password_hash in hashes if password_hash.count("$") > 1}
