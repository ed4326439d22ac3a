from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec

from internal.application.admin.list_users import ListedUsers
from internal.domain.role import Role
from internal.domain.user import User
from internal.infrastructure.http.pagination import Pagination


class RenameUserRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class ChangeRoleRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: Role


class RevokedSessions(msgspec.Struct, frozen=True):
    revoked: int


class AdminUserResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What administrators see of a user."""

    id: UUID
    email: str
    name: str
    role: Role
    is_active: bool
    is_verified: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.id,
            email=user.email.value,
            name=user.name.value,
            role=user.role,
            is_active=user.is_active,
            is_verified=user.verified_at is not None,
            created_at=user.created_at,
            updated_at=user.updated_at,
        )


def pagination_of(listed: ListedUsers, *, per_page: int) -> Pagination:
    page = listed.numbered
    if page is None:
        return Pagination(per_page=per_page, next_cursor=listed.next)
    return Pagination(
        page=page.number,
        per_page=per_page,
        total=page.total,
        total_pages=page.total_pages,
        next_cursor=listed.next,
    )
