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
