from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from internal.domain.email_address import EmailAddress
from internal.domain.user import User


class UserReader(Protocol):
    """Reads what is committed, outside of any unit of work. Every call is one statement.

    Raises:
        Unavailable: the store cannot be reached.
    """

    async def get(self, user_id: UUID) -> User | None: ...

    async def get_by_email(self, email: EmailAddress) -> User | None: ...

    async def of_session(self, session_id: UUID) -> User | None:
        """Return the user that has this session, if it has neither ended nor expired."""
        ...

    async def password_costs(self) -> Collection[str]:
        """Return the distinct costs of all stored hashes: their PHC strings up to the salt.

        An example: `$argon2id$v=19$m=19456,t=2,p=1`.
        """
        ...
