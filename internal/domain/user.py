from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from internal.domain.display_name import DisplayName
from internal.domain.email_address import EmailAddress
from internal.domain.errors import Conflict, NotAuthenticated, NotFound, NotPermitted
from internal.domain.events import Event, UserCreated, UserDeleted, UserLoggedIn, UserUpdated
from internal.domain.role import Permission, Role


class EmailAlreadyRegistered(Conflict):
    code = "EMAIL_ALREADY_REGISTERED"

    def __init__(self) -> None:
        super().__init__("This email address is already registered")


class UserChanged(Conflict):
    """Somebody else changed the user between our read and our write."""

    code = "USER_CHANGED"

    def __init__(self) -> None:
        super().__init__("The user was changed by another request; try again")


class UserNotFound(NotFound):
    code = "USER_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such user")


class LastAdmin(Conflict):
    """The last enabled admin stays: otherwise only the command line could make a new one."""

    code = "LAST_ADMIN"

    def __init__(self) -> None:
        super().__init__("This is the last enabled admin")


class InvalidCredentials(NotAuthenticated):
    """Wrong password or unknown account. Callers cannot tell which."""

    code = "INVALID_CREDENTIALS"

    def __init__(self) -> None:
        super().__init__("Invalid credentials")


class AccountDisabled(NotPermitted):
    """Only those who know the password learn this."""

    code = "ACCOUNT_DISABLED"

    def __init__(self) -> None:
        super().__init__("This account is disabled")


class WrongPassword(NotPermitted):
    """A signed-in user gave a password that is not theirs."""

    code = "WRONG_PASSWORD"

    def __init__(self) -> None:
        super().__init__("The password is wrong")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. Every change increments `version` by one.

    verified_at: when the user proved that they read mail to `email`.
    disabled_at: set while the account is disabled; its user cannot log in then.
    sessions_valid_from: access tokens without a session count only if they were issued after it.
    recorded: the event that made this version, for subscribers. A user that was read has none.
    """

    id: UUID
    email: EmailAddress
    name: DisplayName
    password_hash: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
    role: Role = Role.USER
    verified_at: datetime | None = None
    disabled_at: datetime | None = None
    sessions_valid_from: datetime | None = None
    version: int = 1
    recorded: Event | None = field(default=None, compare=False, repr=False)

    @classmethod
    def register(
        cls,
        *,
        user_id: UUID,
        email: EmailAddress,
        name: DisplayName,
        password_hash: str,
        now: datetime,
        role: Role = Role.USER,
        verified_at: datetime | None = None,
    ) -> Self:
        return cls(
            id=user_id,
            email=email,
            name=name,
            password_hash=password_hash,
            created_at=now,
            updated_at=now,
            role=role,
            verified_at=verified_at,
            recorded=UserCreated(
                user_id=user_id, user_version=1, occurred_at=now, is_verified=verified_at is not None
            ),
        )

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None

    @property
    def is_active_admin(self) -> bool:
        return self.is_active and self.role is Role.ADMIN

    def require(self, permission: Permission) -> None:
        """Raise NotPermitted unless the user's role has this permission."""
        if not self.role.permits(permission):
            raise NotPermitted("Your role does not permit this")

    def has_ended_sessions_since(self, time: datetime) -> bool:
        """A new password, a disabled account or a log-out everywhere: its user may have met an intruder."""
        return self.sessions_valid_from is not None and self.sessions_valid_from > time

    def rename(self, name: DisplayName, *, now: datetime) -> Self:
        return self._changed(now, name=name)

    def verify_email(self, *, now: datetime) -> Self:
        return self._changed(now, verified_at=now)

    def change_email(self, email: EmailAddress, *, now: datetime) -> Self:
        """The user has confirmed the new address, so it is verified."""
        return self._changed(now, email=email, verified_at=now)

    def change_password(self, password_hash: str, *, now: datetime) -> Self:
        return self._changed(now, password_hash=password_hash, sessions_valid_from=now)

    def reset_password(self, password_hash: str, *, now: datetime) -> Self:
        """The user came with a token from a mail to `email`, so the address is verified, too."""
        verified_at = self.verified_at or now
        return self._changed(
            now, password_hash=password_hash, sessions_valid_from=now, verified_at=verified_at
        )

    def change_role(self, role: Role, *, now: datetime) -> Self:
        return self._changed(now, role=role)

    def disable(self, *, now: datetime) -> Self:
        return self._changed(now, disabled_at=now, sessions_valid_from=now)

    def enable(self, *, now: datetime) -> Self:
        return self._changed(now, disabled_at=None)

    def end_all_sessions(self, *, now: datetime) -> Self:
        return self._changed(now, sessions_valid_from=now)

    def delete(self, *, now: datetime) -> Self:
        """The last version, which is not stored: it only records that the account ends."""
        version = self.version + 1
        deleted = UserDeleted(user_id=self.id, user_version=version, occurred_at=now)
        return replace(self, version=version, updated_at=now, recorded=deleted)

    def logged_in(self, session_id: UUID, *, now: datetime) -> UserLoggedIn:
        """Return the event of a log-in, which leaves the user as it is."""
        return UserLoggedIn(
            user_id=self.id, user_version=self.version, occurred_at=now, session_id=session_id
        )

    def _changed(self, now: datetime, **changes: object) -> Self:
        version = self.version + 1
        updated = UserUpdated(
            user_id=self.id,
            user_version=version,
            occurred_at=now,
            changed=frozenset(name for name, value in changes.items() if getattr(self, name) != value),
        )
        return replace(self, **changes, version=version, updated_at=now, recorded=updated)  # type: ignore[arg-type]  # the callers' names are fields
