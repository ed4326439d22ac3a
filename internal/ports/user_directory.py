from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from internal.domain.role import Role
from internal.domain.user import User


class UserState(StrEnum):
    ACTIVE = "active"
    """Not disabled."""
    DISABLED = "disabled"
    UNVERIFIED = "unverified"
    """The address is not verified. The user may be active or disabled."""


class UserOrder(StrEnum):
    """Users that are equal in it are ordered by their id."""

    NEWEST_FIRST = "-created_at"
    OLDEST_FIRST = "created_at"
    BY_EMAIL = "email"
    BY_EMAIL_BACKWARDS = "-email"
    BY_NAME = "name"
    BY_NAME_BACKWARDS = "-name"

    @property
    def attribute(self) -> str:
        return self.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        return self.startswith("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFilter:
    """Which users to list. `words`: each begins a word of the name or the address, in any case."""

    words: tuple[str, ...] = ()
    role: Role | None = None
    state: UserState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """`next` is the cursor of the next page, or None on the last page."""

    users: Sequence[User]
    next: str | None


class UserDirectory(Protocol):
    """Lists users for those who administer them.

    Raises:
        Unavailable: the store cannot be reached.
    """

    async def page(
        self,
        wanted: UserFilter,
        *,
        order: UserOrder,
        size: int,
        skip: int = 0,
        cursor: str | None = None,
    ) -> UserPage:
        """Return at most `size` users: after the first `skip`, or after those before the cursor.

        Pages that follow one another by cursor neither repeat nor skip a user while others sign up or leave.
        A cursor costs the same at any depth; `skip` reads what it skips.

        Raises:
            InvalidCursor: not a cursor, or one of another order.
        """
        ...

    async def count(self, wanted: UserFilter, *, at_most: int) -> int:
        """Return how many users there are, or `at_most` if there are more."""
        ...
