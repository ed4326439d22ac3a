from uuid import UUID

from internal.domain.email_address import EmailAddress
from internal.domain.user import EmailAlreadyRegistered, User


class FakeUserRepository:
    def __init__(self) -> None:
        self.by_id: dict[UUID, User] = {}

    async def add(self, user: User) -> None:
        if await self.get_by_email(user.email):
            raise EmailAlreadyRegistered
        self.by_id[user.id] = user

    async def get(self, user_id: UUID) -> User | None:
        return self.by_id.get(user_id)

    async def get_by_email(self, email: EmailAddress) -> User | None:
        return next((user for user in self.by_id.values() if user.email == email), None)
