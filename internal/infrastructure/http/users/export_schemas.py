"""The export of an account. It has no secrets: neither the password's hash nor digests of tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec

from internal.application.users.export_account import AccountExport
from internal.domain.account_token import AccountToken
from internal.domain.user import User
from internal.infrastructure.http.event_response import EventResponse
from internal.infrastructure.http.users.sessions_controller import SessionResponse
from internal.ports.user_tasks import UserTask


class ExportedUser(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    email: str
    name: str
    role: str
    created_at: datetime
    updated_at: datetime
    verified_at: datetime | None
    sessions_valid_from: datetime | None

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.id,
            email=user.email.value,
            name=user.name.value,
            role=user.role,
            created_at=user.created_at,
            updated_at=user.updated_at,
            verified_at=user.verified_at,
            sessions_valid_from=user.sessions_valid_from,
        )


class ExportedLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link that an email had."""

    purpose: str
    email: str
    expires_at: datetime

    @classmethod
    def of(cls, token: AccountToken) -> Self:
        return cls(purpose=token.purpose, email=token.email, expires_at=token.expires_at)


class ExportedTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task that was stored for the user, such as an email. `ended_at` is null while it may still run."""

    name: str
    stored_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, task: UserTask) -> Self:
        return cls(name=task.name, stored_at=task.stored_at, ended_at=task.ended_at)


class AccountExportResponse(msgspec.Struct, frozen=True, kw_only=True):
    user: ExportedUser
    sessions: Sequence[SessionResponse]
    links: Sequence[ExportedLink]
    tasks: Sequence[ExportedTask]
    security_events: Sequence[EventResponse]
    has_older_security_events: bool

    @classmethod
    def of(cls, exported: AccountExport, *, current_id: UUID | None) -> Self:
        return cls(
            user=ExportedUser.of(exported.user),
            sessions=[SessionResponse.of(each, current_id=current_id) for each in exported.sessions],
            links=[ExportedLink.of(token) for token in exported.account_tokens],
            tasks=[ExportedTask.of(task) for task in exported.tasks],
            security_events=[EventResponse.of(event) for event in exported.events],
            has_older_security_events=exported.has_older_events,
        )
