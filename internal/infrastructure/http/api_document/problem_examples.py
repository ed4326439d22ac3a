"""The codes of problems, and what a problem of each status looks like."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from internal.application.admin.start_password_reset import UserDisabled
from internal.application.auth.register_user import IdempotencyKeyReused
from internal.application.new_password import BreachedPassword, CommonPassword, PersonalPassword
from internal.application.users.end_session import SessionNotFound
from internal.domain.account_token import InvalidAccountToken
from internal.domain.errors import DomainError, InvalidInput, NotPermitted, RateLimited
from internal.domain.operator import OwnAccount
from internal.domain.user import (
    AccountDisabled,
    EmailAlreadyRegistered,
    InvalidCredentials,
    LastAdmin,
    UserChanged,
    UserNotFound,
    WrongPassword,
)
from internal.infrastructure.http.errors import code_of, title_of
from internal.infrastructure.http.session_cookies import InvalidCsrfToken
from internal.infrastructure.inbound.access import MissingToken
from internal.ports.idempotent_requests import RequestInProgress
from internal.ports.refresh_tokens import InvalidRefreshToken
from internal.ports.token_issuer import InvalidToken

_ERRORS: tuple[type[DomainError], ...] = (
    *(InvalidInput, CommonPassword, PersonalPassword, BreachedPassword, IdempotencyKeyReused),
    *(MissingToken, InvalidToken, InvalidCredentials, InvalidRefreshToken, InvalidAccountToken),
    *(NotPermitted, InvalidCsrfToken, WrongPassword, AccountDisabled, UserNotFound, SessionNotFound),
    *(EmailAlreadyRegistered, UserChanged, UserDisabled, LastAdmin, OwnAccount, RequestInProgress),
    RateLimited,
)
# Their code is the name of the status.
_STATUSES: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "The body must be valid JSON in UTF-8",
    HTTPStatus.NOT_FOUND: "Not Found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Method Not Allowed",
    HTTPStatus.REQUEST_TIMEOUT: "The request body took too long",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request Entity Too Large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body must be application/json",
    HTTPStatus.INTERNAL_SERVER_ERROR: "An unexpected error occurred",
    HTTPStatus.SERVICE_UNAVAILABLE: "The service is temporarily unavailable",
}
ERROR_CODES = {*(error.code for error in _ERRORS), *map(code_of, _STATUSES)}

_USUAL: Mapping[int, DomainError] = {
    401: InvalidToken(),
    403: NotPermitted("Your role does not permit this"),
    409: UserChanged(),
    422: InvalidInput({"name": ["must be between 1 and 100 characters"]}),
    429: RateLimited(timedelta(seconds=30)),
}
# By the path below /api/v1, and the status.
_OF_PATH: Mapping[tuple[str, int], DomainError] = {
    ("/auth/register", 401): InvalidCredentials(),
    ("/auth/register", 409): EmailAlreadyRegistered(),
    ("/auth/register", 422): CommonPassword(),
    ("/auth/login", 401): InvalidCredentials(),
    ("/auth/login", 403): AccountDisabled(),
    ("/auth/login", 422): InvalidInput({"password": ["is required"]}),
    ("/auth/refresh", 401): InvalidRefreshToken(),
    ("/auth/refresh", 403): InvalidCsrfToken(),
    ("/auth/refresh", 422): InvalidInput({"refresh_token": ["is required"]}),
    ("/auth/logout", 401): InvalidRefreshToken(),
    ("/auth/logout", 403): InvalidCsrfToken(),
    ("/auth/logout", 422): InvalidInput({"refresh_token": ["is required"]}),
    ("/auth/verify-email", 400): InvalidAccountToken(),
    ("/auth/verify-email", 422): InvalidInput({"token": ["is required"]}),
    ("/auth/confirm-email", 400): InvalidAccountToken(),
    ("/auth/confirm-email", 409): EmailAlreadyRegistered(),
    ("/auth/confirm-email", 422): InvalidInput({"token": ["is required"]}),
    ("/auth/reset-password", 400): InvalidAccountToken(),
    ("/auth/reset-password", 422): CommonPassword(),
    ("/auth/forgot-password", 422): InvalidInput({"email": ["must be a valid email address"]}),
    ("/auth/resend-verification", 422): InvalidInput({"email": ["must be a valid email address"]}),
    ("/users/me", 403): WrongPassword(),
    ("/users/me/password", 403): WrongPassword(),
    ("/users/me/password", 422): CommonPassword(),
    ("/users/me/email", 403): WrongPassword(),
    ("/users/me/email", 422): InvalidInput({"email": ["must be a valid email address"]}),
    ("/users/me/sessions", 403): InvalidCsrfToken(),
    ("/users/me/sessions/{session_id}", 403): InvalidCsrfToken(),
    ("/users/me/sessions/{session_id}", 404): SessionNotFound(),
    ("/users/me/sessions", 422): InvalidInput({"limit": ["must be between 1 and 100"]}),
    ("/users/me/security-events", 422): InvalidInput({"limit": ["must be between 1 and 100"]}),
    ("/admin/security-events", 422): InvalidInput({"limit": ["must be between 1 and 100"]}),
    ("/admin/users", 422): InvalidInput({"limit": ["must be between 1 and 100"]}),
}


def example(path: str, status: int) -> dict[str, Any]:
    """A problem that a request to `path` may get."""
    kind = HTTPStatus(status)
    error = _OF_PATH.get((path.removeprefix("/api/v1"), status)) or _USUAL.get(status)
    if error is None and status == HTTPStatus.NOT_FOUND and path.startswith("/api/v1/admin/users"):
        error = UserNotFound()
    detail = error.message if error else _STATUSES[kind]
    return {
        "type": "about:blank",
        "title": title_of(kind),
        "status": status,
        "detail": detail,
        "instance": path,
        "success": False,
        "message": detail,
        "error_code": error.code if error else code_of(kind),
        **({"errors": dict(error.errors)} if isinstance(error, InvalidInput) else {}),
        "meta": {
            "request_id": "00b8089e-94e9-461c-a245-33e2b30d9462",
            "timestamp": "2026-11-24T04:52:54.238745Z",
        },
    }
