"""A client of the service. It does the same at every door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self, TypeVar
from uuid import UUID

import msgspec

from tests.support.doors.door import Door, Headers
from tests.support.doors.operations import OPERATIONS

Seen = TypeVar("Seen")


@dataclass(frozen=True, kw_only=True)
class SeenUser:
    id: UUID
    email: str
    name: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class AdministeredUser(SeenUser):
    """A user as administrators see it."""

    role: str
    is_active: bool
    is_verified: bool


@dataclass(frozen=True, kw_only=True)
class LoggedIn:
    """`expires_in` is in seconds."""

    user: SeenUser
    token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, kw_only=True)
class SeenSession:
    id: UUID
    current: bool
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    address: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, kw_only=True)
class SeenEvent:
    id: int
    name: str
    result: str
    actor_id: UUID | None = None
    subject_id: UUID | None = None
    address: str | None = None
    details: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SeenTask:
    name: str
    stored_at: datetime


@dataclass(frozen=True, kw_only=True)
class SeenExport:
    user: SeenUser
    sessions: Sequence[SeenSession]
    tasks: Sequence[SeenTask]
    security_events: Sequence[SeenEvent]
    has_older_security_events: bool


@dataclass(frozen=True, kw_only=True)
class UserPage:
    """`total` counts the users on all pages."""

    entries: Sequence[AdministeredUser]
    total: int | None = None
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Client:
    door: Door
    headers: Headers

    def signed_in(self, token: str) -> Self:
        """The same client with this access token."""
        others = [(name, value) for name, value in self.headers if name != "authorization"]
        return replace(self, headers=others).sending(authorization=f"Bearer {token}")

    def sending(self, **headers: str) -> Self:
        """The same client with more headers, named with underscores."""
        more = [(name.replace("_", "-"), value) for name, value in headers.items()]
        return replace(self, headers=[*self.headers, *more])

    def ask(self, operation: str, **fields: Any) -> dict[str, Any]:
        return self.door.ask(OPERATIONS[operation], self.headers, fields)

    def ask_with_bytes(self, operation: str, fields: Mapping[str, bytes]) -> None:
        self.door.ask_with_bytes(OPERATIONS[operation], self.headers, fields)

    def sign_up(self, *, email: str, name: str, password: str) -> LoggedIn:
        return _seen(self.ask("sign_up", email=email, name=name, password=password), LoggedIn)

    def log_in(self, *, email: str, password: str) -> LoggedIn:
        return _seen(self.ask("log_in", email=email, password=password), LoggedIn)

    def refresh(self, *, refresh_token: str) -> LoggedIn:
        return _seen(self.ask("refresh", refresh_token=refresh_token), LoggedIn)

    def log_out(self, *, refresh_token: str) -> None:
        self.ask("log_out", refresh_token=refresh_token)

    def verify_email(self, *, token: str) -> None:
        self.ask("verify_email", token=token)

    def resend_verification(self, *, email: str) -> None:
        self.ask("resend_verification", email=email)

    def confirm_email(self, *, token: str) -> None:
        self.ask("confirm_email", token=token)

    def forgot_password(self, *, email: str) -> None:
        self.ask("forgot_password", email=email)

    def reset_password(self, *, token: str, password: str) -> None:
        self.ask("reset_password", token=token, password=password)

    def me(self) -> SeenUser:
        return _seen(self.ask("me"), SeenUser)

    def rename(self, *, name: str) -> SeenUser:
        return _seen(self.ask("rename", name=name), SeenUser)

    def change_password(self, *, current_password: str, new_password: str) -> None:
        self.ask("change_password", current_password=current_password, new_password=new_password)

    def change_email(self, *, email: str, password: str) -> None:
        self.ask("change_email", email=email, password=password)

    def delete_account(self, *, password: str) -> None:
        self.ask("delete_account", password=password)

    def sessions(self) -> Sequence[SeenSession]:
        return _seen(self.ask("sessions")["entries"], list[SeenSession])

    def end_session(self, session_id: UUID) -> None:
        self.ask("end_session", session_id=str(session_id))

    def end_all_sessions(self) -> None:
        self.ask("end_all_sessions")

    def security_events(self, **query: Any) -> Sequence[SeenEvent]:
        return _seen(self.ask("security_events", **query)["entries"], list[SeenEvent])

    def export(self) -> SeenExport:
        return _seen(self.ask("export"), SeenExport)

    def list_users(self, **query: Any) -> UserPage:
        return _seen(self.ask("list_users", **query), UserPage)

    def view_user(self, user_id: UUID) -> AdministeredUser:
        return _seen(self.ask("view_user", user_id=str(user_id)), AdministeredUser)

    def rename_user(self, user_id: UUID, *, name: str) -> AdministeredUser:
        return _seen(self.ask("rename_user", user_id=str(user_id), name=name), AdministeredUser)

    def remove_user(self, user_id: UUID) -> None:
        self.ask("remove_user", user_id=str(user_id))

    def enable_user(self, user_id: UUID) -> AdministeredUser:
        return _seen(self.ask("enable_user", user_id=str(user_id)), AdministeredUser)

    def disable_user(self, user_id: UUID) -> AdministeredUser:
        return _seen(self.ask("disable_user", user_id=str(user_id)), AdministeredUser)

    def change_role(self, user_id: UUID, *, role: str) -> AdministeredUser:
        return _seen(self.ask("change_role", user_id=str(user_id), role=role), AdministeredUser)

    def revoke_sessions(self, user_id: UUID) -> int:
        return int(self.ask("revoke_sessions", user_id=str(user_id))["revoked"])

    def start_password_reset(self, user_id: UUID) -> None:
        self.ask("start_password_reset", user_id=str(user_id))

    def all_security_events(self, **query: Any) -> Sequence[SeenEvent]:
        return _seen(self.ask("all_security_events", **query)["entries"], list[SeenEvent])


def _seen(answer: object, kind: type[Seen]) -> Seen:
    return msgspec.convert(answer, kind, strict=False)
