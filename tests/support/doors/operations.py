"""What the doors offer: the route and the method of each operation, and what only one door has."""

from collections.abc import Mapping
from dataclasses import dataclass

DOORS = ("http", "grpc")
PAIRS = (("http", "grpc"), ("grpc", "http"))


@dataclass(frozen=True)
class Operation:
    """`rpc` is the service and the method of gRPC. The `fields` have the names of the HTTP door."""

    route: str
    rpc: str
    fields: tuple[str, ...] = ()

    @property
    def is_for_administrators(self) -> bool:
        return "/admin/" in self.route


OPERATIONS: Mapping[str, Operation] = {
    "sign_up": Operation(
        "POST /api/v1/auth/register", "user.UserService/CreateUser", ("email", "name", "password")
    ),
    "log_in": Operation("POST /api/v1/auth/login", "user.UserService/Login", ("email", "password")),
    "refresh": Operation(
        "POST /api/v1/auth/refresh", "account.v1.SessionService/RefreshSession", ("refresh_token",)
    ),
    "log_out": Operation("POST /api/v1/auth/logout", "account.v1.SessionService/LogOut", ("refresh_token",)),
    "verify_email": Operation(
        "POST /api/v1/auth/verify-email", "account.v1.EmailLinkService/VerifyEmail", ("token",)
    ),
    "resend_verification": Operation(
        "POST /api/v1/auth/resend-verification", "account.v1.EmailLinkService/ResendVerification", ("email",)
    ),
    "confirm_email": Operation(
        "POST /api/v1/auth/confirm-email", "account.v1.EmailLinkService/ConfirmEmail", ("token",)
    ),
    "forgot_password": Operation(
        "POST /api/v1/auth/forgot-password", "account.v1.EmailLinkService/ForgotPassword", ("email",)
    ),
    "reset_password": Operation(
        "POST /api/v1/auth/reset-password", "account.v1.EmailLinkService/ResetPassword", ("token", "password")
    ),
    "me": Operation("GET /api/v1/users/me", "account.v1.AccountService/GetAccount"),
    "rename": Operation("PATCH /api/v1/users/me", "account.v1.AccountService/ChangeName", ("name",)),
    "change_password": Operation(
        "POST /api/v1/users/me/password",
        "account.v1.AccountService/ChangePassword",
        ("current_password", "new_password"),
    ),
    "change_email": Operation(
        "POST /api/v1/users/me/email", "account.v1.AccountService/ChangeEmail", ("email", "password")
    ),
    "delete_account": Operation(
        "DELETE /api/v1/users/me", "account.v1.AccountService/DeleteAccount", ("password",)
    ),
    "sessions": Operation("GET /api/v1/users/me/sessions", "account.v1.SessionService/ListSessions"),
    "end_session": Operation(
        "DELETE /api/v1/users/me/sessions/{session_id}",
        "account.v1.SessionService/EndSession",
        ("session_id",),
    ),
    "end_all_sessions": Operation(
        "DELETE /api/v1/users/me/sessions", "account.v1.SessionService/EndAllSessions"
    ),
    "security_events": Operation(
        "GET /api/v1/users/me/security-events", "account.v1.AccountService/ListSecurityEvents"
    ),
    "export": Operation("GET /api/v1/users/me/export", "account.v1.AccountService/ExportAccount"),
    "list_users": Operation("GET /api/v1/admin/users", "user.UserService/ListUsers"),
    "view_user": Operation("GET /api/v1/admin/users/{user_id}", "user.UserService/GetUser", ("user_id",)),
    "rename_user": Operation(
        "PUT /api/v1/admin/users/{user_id}", "user.UserService/UpdateUser", ("user_id", "name")
    ),
    "remove_user": Operation(
        "DELETE /api/v1/admin/users/{user_id}", "user.UserService/DeleteUser", ("user_id",)
    ),
    "enable_user": Operation(
        "POST /api/v1/admin/users/{user_id}/activate", "admin.v1.AdminService/ActivateUser", ("user_id",)
    ),
    "disable_user": Operation(
        "POST /api/v1/admin/users/{user_id}/deactivate", "admin.v1.AdminService/DeactivateUser", ("user_id",)
    ),
    "change_role": Operation(
        "POST /api/v1/admin/users/{user_id}/role", "admin.v1.AdminService/ChangeRole", ("user_id", "role")
    ),
    "revoke_sessions": Operation(
        "POST /api/v1/admin/users/{user_id}/sessions/revoke",
        "admin.v1.AdminService/RevokeSessions",
        ("user_id",),
    ),
    "start_password_reset": Operation(
        "POST /api/v1/admin/users/{user_id}/password-reset",
        "admin.v1.AdminService/StartPasswordReset",
        ("user_id",),
    ),
    "all_security_events": Operation(
        "GET /api/v1/admin/security-events", "admin.v1.AdminService/ListSecurityEvents"
    ),
}
# Fields with other names in gRPC: an id needs no kind where there is one, and `from` is a keyword of Python.
GRPC_NAMES: Mapping[str, str] = {"user_id": "id", "session_id": "id", "from": "since", "to": "until"}

ONLY_HTTP: Mapping[str, str] = {
    "POST /api/v1/auth/token": "the grant of OAuth 2: log_in and refresh in the form that some tools need",
    "GET /api/v1/health": "of gohexaclean; gRPC has a health service",
}
ONLY_GRPC: Mapping[str, str] = {}
