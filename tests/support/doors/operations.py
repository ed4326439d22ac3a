"""What the doors offer: the route and the method of each operation, and what only one door has."""

from collections.abc import Mapping
from dataclasses import dataclass

DOORS = ("http", "grpc")
PAIRS = (("http", "grpc"), ("grpc", "http"))


@dataclass(frozen=True)
class Operation:
    """`rpc` is the service and the method of gRPC, or empty while it has none.

    Both doors give the `fields` the same names.
    """

    route: str
    rpc: str
    fields: tuple[str, ...] = ()

    @property
    def doors(self) -> tuple[str, ...]:
        return DOORS if self.rpc else ("http",)

    @property
    def is_for_administrators(self) -> bool:
        return "/admin/" in self.route


OPERATIONS: Mapping[str, Operation] = {
    "sign_up": Operation(
        "POST /api/v1/auth/register", "user.UserService/CreateUser", ("email", "name", "password")
    ),
    "log_in": Operation("POST /api/v1/auth/login", "user.UserService/Login", ("email", "password")),
    "refresh": Operation("POST /api/v1/auth/refresh", "", ("refresh_token",)),
    "log_out": Operation("POST /api/v1/auth/logout", "", ("refresh_token",)),
    "verify_email": Operation("POST /api/v1/auth/verify-email", "", ("token",)),
    "resend_verification": Operation("POST /api/v1/auth/resend-verification", "", ("email",)),
    "confirm_email": Operation("POST /api/v1/auth/confirm-email", "", ("token",)),
    "forgot_password": Operation("POST /api/v1/auth/forgot-password", "", ("email",)),
    "reset_password": Operation("POST /api/v1/auth/reset-password", "", ("token", "password")),
    "me": Operation("GET /api/v1/users/me", ""),
    "rename": Operation("PATCH /api/v1/users/me", "", ("name",)),
    "change_password": Operation("POST /api/v1/users/me/password", "", ("current_password", "new_password")),
    "change_email": Operation("POST /api/v1/users/me/email", "", ("email", "password")),
    "delete_account": Operation("DELETE /api/v1/users/me", "", ("password",)),
    "sessions": Operation("GET /api/v1/users/me/sessions", ""),
    "end_session": Operation("DELETE /api/v1/users/me/sessions/{session_id}", "", ("session_id",)),
    "end_all_sessions": Operation("DELETE /api/v1/users/me/sessions", ""),
    "security_events": Operation("GET /api/v1/users/me/security-events", ""),
    "list_users": Operation("GET /api/v1/admin/users", "user.UserService/ListUsers"),
    "view_user": Operation("GET /api/v1/admin/users/{user_id}", "user.UserService/GetUser", ("user_id",)),
    "rename_user": Operation(
        "PUT /api/v1/admin/users/{user_id}", "user.UserService/UpdateUser", ("user_id", "name")
    ),
    "remove_user": Operation(
        "DELETE /api/v1/admin/users/{user_id}", "user.UserService/DeleteUser", ("user_id",)
    ),
    "enable_user": Operation("POST /api/v1/admin/users/{user_id}/activate", "", ("user_id",)),
    "disable_user": Operation("POST /api/v1/admin/users/{user_id}/deactivate", "", ("user_id",)),
    "change_role": Operation("POST /api/v1/admin/users/{user_id}/role", "", ("user_id", "role")),
    "revoke_sessions": Operation("POST /api/v1/admin/users/{user_id}/sessions/revoke", "", ("user_id",)),
    "start_password_reset": Operation("POST /api/v1/admin/users/{user_id}/password-reset", "", ("user_id",)),
    "all_security_events": Operation("GET /api/v1/admin/security-events", ""),
}

ONLY_HTTP: Mapping[str, str] = {
    "POST /api/v1/auth/token": "the grant of OAuth 2: log_in and refresh in the form that some tools need",
    "GET /api/v1/users/me/export": "a file for people",
    "GET /api/v1/health": "of gohexaclean; gRPC has a health service",
}
ONLY_GRPC: Mapping[str, str] = {}


def at_each_door(*names: str) -> list[tuple[str, str]]:
    """Each of these operations at each door that has it."""
    return [(door, name) for name in names for door in OPERATIONS[name].doors]
