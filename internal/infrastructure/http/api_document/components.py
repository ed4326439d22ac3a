"""The parts of the document that no route declares: headers, security schemes and tags."""

from collections.abc import Mapping
from typing import Any

HEADERS: Mapping[str, Any] = {
    "X-Request-ID": {
        "description": "The id of the request: the caller's own, or a new one. Log lines have it too.",
        "required": True,
        "schema": {"type": "string", "maxLength": 128},
        "example": "00b8089e-94e9-461c-a245-33e2b30d9462",
    },
    "Retry-After": {
        "description": "Seconds after which the request may succeed. A 409 has it if the code is"
        " REQUEST_IN_PROGRESS.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "example": 30,
    },
    "WWW-Authenticate": {
        "description": "RFC 6750 section 3: Bearer, with an error if a token was sent.",
        "required": True,
        "schema": {"type": "string"},
        "example": 'Bearer error="invalid_token"',
    },
    "Set-Cookie": {
        "description": "In cookie mode, the answer sets or deletes the cookies of the session.",
        "schema": {"type": "string"},
        "example": "csrf_token=5f2d; Path=/; SameSite=lax",
    },
    "Content-Disposition": {
        "description": "Browsers save the answer as a file.",
        "required": True,
        "schema": {"type": "string"},
        "example": 'attachment; filename="account.json"',
    },
    "Location": {
        "description": "The new user, for the bearer of the new token.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/api/v1/users/me",
    },
}

SECURITY_SCHEMES: Mapping[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `token` of a sign-up, a log-in or a refresh.",
    },
    "password": {
        "type": "oauth2",
        "description": "Log in with an email address and a password. No client id is needed.",
        "flows": {
            "password": {
                "tokenUrl": "/api/v1/auth/token",
                "refreshUrl": "/api/v1/auth/token",
                "scopes": {},
            }
        },
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "access_token",
        "description": "Set by `X-Session-Mode: cookie`. Over HTTPS the name starts with `__Host-`.",
    },
    "refreshCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "refresh_token",
        "description": "Set by `X-Session-Mode: cookie`. Over HTTPS the name starts with `__Host-`.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRF-Token",
        "description": "The `csrf_token` of the session, with every change that uses cookies.",
    },
}

TAGS = [
    {"name": "auth", "description": "Sign up, log in, stay logged in, and the links of emails"},
    {"name": "users", "description": "Your own account"},
    {"name": "admin", "description": "All accounts, for viewers and admins"},
    {"name": "health", "description": "Whether the service works"},
]

DESCRIPTION = (
    "Accounts over HTTP. A success is an envelope with `success`, `message`, `data` and `meta`. A problem is"
    " `application/problem+json` (RFC 9457), and `error_code` says which one. New answers may have more"
    " fields; requests may not."
)
