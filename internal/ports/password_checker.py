from collections.abc import Collection
from enum import Enum, auto
from typing import Protocol


class Weakness(Enum):
    """Why an attacker tries a password early."""

    COMMON = auto()
    """It is popular, or a simple pattern such as a sequence, a repetition or a word with a year."""
    PERSONAL = auto()
    """It is easy to guess for somebody who knows the user's name or address."""
    BREACHED = auto()
    """It is on a list of passwords that were stolen from other services."""


class PasswordChecker(Protocol):
    """Judges the Unicode NFC form of a password, as `PasswordHasher` hashes it."""

    async def weakness_of(self, password: str, *, personal: Collection[str]) -> Weakness | None:
        """Return the weakness that this checker knows, or None.

        `personal` are words of the user, such as the name. A password may contain them if the rest is strong.

        Raises:
            Unavailable: too many passwords are being checked.
        """
        ...
