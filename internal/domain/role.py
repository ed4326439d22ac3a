"""Who may do what. Every door asks this table: HTTP, gRPC, the dashboard and the command line."""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    VIEW_USERS = "users:view"
    MANAGE_USERS = "users:manage"
    VIEW_SECURITY_EVENTS = "security-events:view"
    VIEW_TASKS = "tasks:view"
    MANAGE_TASKS = "tasks:manage"


class Role(StrEnum):
    USER = "user"
    VIEWER = "viewer"
    ADMIN = "admin"

    def permits(self, permission: Permission) -> bool:
        return permission in RIGHTS[self]


RIGHTS: Mapping[Role, frozenset[Permission]] = {
    Role.USER: frozenset(),
    Role.VIEWER: frozenset({Permission.VIEW_USERS, Permission.VIEW_TASKS}),
    Role.ADMIN: frozenset(Permission),
}
