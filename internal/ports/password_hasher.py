from collections.abc import Collection
from enum import Enum, auto
from typing import Protocol


class Match(Enum):
    """Whether a password made a hash. NO is falsy, the others are truthy."""

    NO = auto()
    YES = auto()
    OUTDATED = auto()
    """It did, but `hash` would now use another cost or another form of the password: store a new hash."""

    def __bool__(self) -> bool:
        return self is not Match.NO


class PasswordHasher(Protocol):
    """A password counts in its Unicode NFC form: `é` is one password, whichever way a keyboard sends it."""

    async def hash(self, password: str) -> str:
        """A salted hash of `password`, as a PHC string: `$name$parameters$salt$digest`.

        Raises:
            Unavailable: too many passwords are being hashed to do so in time.
        """
        ...

    async def verify(
        self, password: str, password_hash: str | None, *, stored_costs: Collection[str] = ()
    ) -> Match:
        """Whether `password` made `password_hash`; None, where there is no account, never matches.

        `stored_costs` are those of `UserRepository.password_costs`. Every NO takes the same time: that of
        all stored costs and of the configured one. So it tells nothing about the account.

        Raises:
            Unavailable: as `hash`.
        """
        ...
