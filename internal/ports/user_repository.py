from typing import Protocol
from uuid import UUID

from internal.domain.email_address import EmailAddress
from internal.domain.user import User


class UserRepository(Protocol):
    """`add`, `save` and `delete` also publish what the user has recorded, in their unit of work."""

    async def add(self, user: User) -> None:
        """Store a new user.

        Raises:
            EmailAlreadyRegistered: another user has this address. The store decides, so two simultaneous
                sign-ups cannot both succeed.
        """
        ...

    async def get(self, user_id: UUID) -> User | None: ...

    async def hold(self, user_id: UUID) -> User | None:
        """Return the user as it is now. Nobody else can change it before this unit of work ends."""
        ...

    async def get_by_email(self, email: EmailAddress) -> User | None: ...

    async def of_session(self, session_id: UUID) -> User | None:
        """Return the user that has this session, if it has neither ended nor expired."""
        ...

    async def save(self, user: User) -> None:
        """Store a change of the user.

        Raises:
            UserChanged: the stored version is not the one before, because another request changed or deleted
                the user.
            EmailAlreadyRegistered: another user has the new address.
        """
        ...

    async def require_other_admin(self, user: User) -> None:
        """Raise LastAdmin if `user` is the only enabled admin.

        Call it before an admin is disabled, demoted or deleted. Simultaneous calls wait for one another until
        the unit of work ends, so two admins cannot remove each other. It also holds the user.
        """
        ...

    async def delete(self, user: User) -> bool:
        """Delete the user with all sessions and tokens. Returns False if there is no such user."""
        ...

    async def replace_password_hash(self, user: User, password_hash: str) -> bool:
        """Store a new hash of the same password. Returns False if the stored hash is not that of `user`."""
        ...
