from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from internal.domain.email_address import EmailAddress
from internal.domain.user import User


class UserRepository(Protocol):
    async def add(self, user: User) -> None:
        """Store a new user.

        Raises:
            EmailAlreadyRegistered: another user has this address. The store decides, so that two
                simultaneous sign-ups cannot both pass.
        """
        ...

    async def get(self, user_id: UUID) -> User | None: ...

    async def get_by_email(self, email: EmailAddress) -> User | None: ...

    async def replace_password_hash(self, user: User, password_hash: str) -> bool:
        """Store another hash of the same password; False if the user's hash is no longer `user`'s."""
        ...

    async def password_costs(self) -> Collection[str]:
        """What the stored hashes cost, each once: their PHC strings up to the salt.

        An example: `$argon2id$v=19$m=19456,t=2,p=1`.
        """
        ...
