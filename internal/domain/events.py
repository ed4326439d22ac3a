"""What happens to accounts. Nothing here is personal data: a subscriber reads the user if it needs more."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid5


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that has happened to an account.

    user_version: the version that the change made. A subscriber that reads a later one comes after it.
    """

    name: ClassVar[str]

    user_id: UUID
    user_version: int
    occurred_at: datetime

    @property
    def id(self) -> UUID:
        """The same for the same event: a user has each version once."""
        return uuid5(self.user_id, f"{self.name} {self.user_version}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated(Event):
    """`is_verified`: an administrator made the account, and its address counts as verified."""

    name: ClassVar[str] = "user.created"

    is_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUpdated(Event):
    """`changed` has the names of the fields of `User` that have another value now."""

    name: ClassVar[str] = "user.updated"

    changed: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeleted(Event):
    """Nothing of the account is left to read."""

    name: ClassVar[str] = "user.deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLoggedIn(Event):
    """A session began with the password. The user has not changed."""

    name: ClassVar[str] = "user.logged_in"

    session_id: UUID

    @property
    def id(self) -> UUID:
        return uuid5(self.session_id, self.name)
