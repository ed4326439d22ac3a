from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec

from internal.domain.user import User


class ChangeNameRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class ChangePasswordRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    current_password: str
    new_password: str


class ChangeEmailRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`password` is the current one."""

    email: str
    password: str


class DeleteAccountRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    password: str


class UserResponse(msgspec.Struct, frozen=True):
    id: UUID
    email: str
    name: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.id,
            email=user.email.value,
            name=user.name.value,
            created_at=user.created_at,
            updated_at=user.updated_at,
        )
