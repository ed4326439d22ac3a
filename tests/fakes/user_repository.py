from collections.abc import Collection
from dataclasses import replace
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

    async def replace_password_hash(self, user: User, password_hash: str) -> bool:
        stored = self.by_id.get(user.id)
        if stored is None or stored.password_hash != user.password_hash:
            return False
        self.by_id[user.id] = replace(stored, password_hash=password_hash)
        return True

    async def password_costs(self) -> Collection[str]:
        hashes = [user.password_hash for user in self.by_id.values()]
        return {password_hash.rsplit("$", 2)[0] for password_hash in hashes if password_hash.count("$") > 1}
