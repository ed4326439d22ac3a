from typing import Protocol


class PasswordHasher(Protocol):
    async def hash(self, password: str) -> str:
        """A salted, self-describing hash that `verify` understands.

        Raises:
            Unavailable: too many passwords are being hashed to do so in time.
        """
        ...

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether `password` made `password_hash`. None costs as much time and is always False.

        Passing None where there is no account keeps a log-in's duration from telling whether there is one.

        Raises:
            Unavailable: as `hash`.
        """
        ...
