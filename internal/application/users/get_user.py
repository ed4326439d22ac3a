from dataclasses import dataclass
from uuid import UUID

from internal.domain.user import User, UserNotFound
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUserQuery:
    user_id: UUID


class GetUser:
    def __init__(self, *, uow: UnitOfWork) -> None:
        self._uow = uow

    async def __call__(self, query: GetUserQuery) -> User:
        """Raise UserNotFound if there is no such user."""
        async with self._uow as uow:
            user = await uow.users.get(query.user_id)
        if user is None:
            raise UserNotFound
        return user
