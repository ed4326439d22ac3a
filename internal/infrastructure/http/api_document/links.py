"""What an answer leads to: the links between operations (OpenAPI 3.1, section 4.8.20)."""

from collections.abc import Mapping
from typing import Any

Link = Mapping[str, Any]

_WITH_TOKEN = "With `token` of this answer as the bearer token."  # noqa: S105 - a description, not a token


def _with_id(operation: str, *, user_id: str) -> Link:
    return {"operationId": operation, "parameters": {"user_id": user_id}}


def _with_refresh_token(operation: str) -> Link:
    return {
        "operationId": operation,
        "requestBody": {"refresh_token": "$response.body#/data/refresh_token"},
    }


def _next_page(operation: str) -> Link:
    return {
        "operationId": operation,
        "parameters": {"cursor": "$response.body#/meta/pagination/next_cursor"},
        "description": "With the other parameters of this request, as long as there is a cursor.",
    }


_OF_TOKENS: Mapping[str, Link] = {
    "me": {"operationId": "users_me", "description": _WITH_TOKEN},
    "refresh": _with_refresh_token("auth_refresh"),
    "logOut": _with_refresh_token("auth_log_out"),
}
_OF_USER: Mapping[str, str] = {
    "rename": "admin_rename",
    "changeRole": "admin_change_role",
    "activate": "admin_activate",
    "deactivate": "admin_deactivate",
    "revokeSessions": "admin_revoke_sessions",
    "startPasswordReset": "admin_start_password_reset",
    "remove": "admin_remove",
}
_FIRST_ID = "$response.body#/data/0/id"
# By the operation and the status of the answer.
_LINKS: Mapping[tuple[str, str], Mapping[str, Link]] = {
    ("auth_register", "201"): {
        **_OF_TOKENS,
        "logIn": {
            "operationId": "auth_log_in",
            "requestBody": {"email": "$request.body#/email", "password": "$request.body#/password"},
        },
        "resendVerification": {
            "operationId": "auth_resend",
            "requestBody": {"email": "$request.body#/email"},
        },
    },
    ("auth_log_in", "200"): _OF_TOKENS,
    ("auth_refresh", "200"): _OF_TOKENS,
    ("users_list_sessions", "200"): {
        "endSession": {"operationId": "users_end_session", "parameters": {"session_id": _FIRST_ID}},
        "nextPage": _next_page("users_list_sessions"),
    },
    ("users_list_own_security_events", "200"): {"nextPage": _next_page("users_list_own_security_events")},
    ("admin_list_security_events", "200"): {"nextPage": _next_page("admin_list_security_events")},
    ("admin_list_users", "200"): {
        "view": _with_id("admin_view", user_id=_FIRST_ID),
        "nextPage": _next_page("admin_list_users"),
    },
    ("admin_view", "200"): {
        name: _with_id(operation, user_id="$response.body#/data/id") for name, operation in _OF_USER.items()
    },
    ("admin_deactivate", "200"): {
        "activate": _with_id("admin_activate", user_id="$response.body#/data/id"),
    },
}


def add_links(document: dict[str, Any]) -> None:
    """Raises KeyError if an operation or an answer is gone."""
    operations = {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    for (operation_id, status), links in _LINKS.items():
        operations[operation_id]["responses"][status]["links"] = {
            name: dict(link) for name, link in links.items()
        }
