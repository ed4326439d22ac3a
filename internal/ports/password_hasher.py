from collections.abc import Collection
from enum import Enum, auto
from typing import Protocol


class Match(Enum):
    """Tells if a hash was made from a password. NO is falsy, the others are truthy."""

    NO = auto()
    YES = auto()
    OUTDATED = auto()
    """Yes, but `hash` now uses another cost or another form of the password: store a new hash."""

    def __bool__(self) -> bool:
        return self is not Match.NO


class PasswordHasher(Protocol):
    """Hashes the Unicode NFC form of a password: `é` is the same character from every keyboard."""

    async def hash(self, password: str) -> str:
        """Return a salted hash as a PHC string: `$name$parameters$salt$digest`.

        Raises:
            Unavailable: too many passwords are being hashed.
        """
        ...

    async def verify(
        self, password: str, password_hash: str | None, *, stored_costs: Collection[str] = ()
    ) -> Match:
        """Check a password. Pass None as the hash if there is no account: it never matches.

        `stored_costs` come from `UserReader.password_costs`. Every NO takes the time of all stored costs
        and the configured one, so the time does not reveal whether the account exists.

        Raises:
            Unavailable: as `hash`.
        """
        ...
