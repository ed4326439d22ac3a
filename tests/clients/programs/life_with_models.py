"""The life of an account through the one file of datamodel-codegen, against the API at the URL in argv."""

import sys
from typing import TypeVar

import httpx
from account_models import (
    AccountExportEnvelope,
    AuthenticatedUser,
    AuthenticatedUserEnvelope,
    ChangeNameRequest,
    ChangePasswordRequest,
    DeleteAccountRequest,
    EmptyEnvelope,
    ErrorCode,
    EventPage,
    LogInRequest,
    Problem,
    RefreshTokenRequest,
    RegisterRequest,
    SessionPage,
    UserEnvelope,
)
from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)
EMAIL, PASSWORD, NEW_PASSWORD = "grace@clients.example.com", "purple otter 7", "green heron 9"
api = httpx.Client(base_url=f"{sys.argv[1]}/api/v1/")


def send(kind: type[T], request: str, body: BaseModel | None = None, token: str | None = None) -> T:
    """Send `METHOD path`, and read the answer as `kind`, whose fields must all be there."""
    method, path = request.split()
    headers = {"Content-Type": "application/json"} if body else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    content = body.model_dump_json(exclude_none=True) if body else None
    response = api.request(method, path, content=content, headers=headers)
    assert (kind is Problem) is response.is_error, response.text
    return kind.model_validate_json(response.content)


def problem(code: ErrorCode, request: str, body: BaseModel | None = None, token: str | None = None) -> None:
    assert send(Problem, request, body, token).error_code is code


def sign_up_and_refresh() -> AuthenticatedUser:
    request = RegisterRequest(email=EMAIL, name="Grace", password=PASSWORD)
    first = send(AuthenticatedUserEnvelope, "POST auth/register", request).data
    problem(ErrorCode.EMAIL_ALREADY_REGISTERED, "POST auth/register", request)
    refresh = RefreshTokenRequest(refresh_token=first.refresh_token)
    return send(AuthenticatedUserEnvelope, "POST auth/refresh", refresh).data


def read_and_change(token: str) -> None:
    assert send(UserEnvelope, "GET users/me", token=token).data.email == EMAIL
    renamed = send(UserEnvelope, "PATCH users/me", ChangeNameRequest(name="Grace Hopper"), token)
    assert renamed.data.name == "Grace Hopper"
    change = ChangePasswordRequest(current_password=PASSWORD, new_password=NEW_PASSWORD)
    send(EmptyEnvelope, "POST users/me/password", change, token)
    problem(ErrorCode.WRONG_PASSWORD, "POST users/me/password", change, token)


def use_sessions(token: str) -> None:
    body = LogInRequest(email=EMAIL, password=NEW_PASSWORD)
    other = send(AuthenticatedUserEnvelope, "POST auth/login", body).data
    [session] = send(SessionPage, "GET users/me/sessions?limit=1", token=token).data
    send(EmptyEnvelope, f"DELETE users/me/sessions/{session.id}", token=token)
    problem(ErrorCode.SESSION_NOT_FOUND, f"DELETE users/me/sessions/{session.id}", token=token)
    problem(ErrorCode.INVALID_TOKEN, "GET users/me", token=other.token)


def export_and_delete(token: str) -> None:
    exported = send(AccountExportEnvelope, "GET users/me/export", token=token).data
    assert exported.user.name == "Grace Hopper"
    events = send(EventPage, "GET users/me/security-events?limit=100", token=token).data
    assert "user.password_changed" in {event.name for event in events}
    problem(ErrorCode.WRONG_PASSWORD, "DELETE users/me", DeleteAccountRequest(password=PASSWORD), token)
    send(EmptyEnvelope, "DELETE users/me", DeleteAccountRequest(password=NEW_PASSWORD), token)
    problem(ErrorCode.INVALID_TOKEN, "GET users/me", token=token)


grace = sign_up_and_refresh().token
assert grace is not None
read_and_change(grace)
use_sessions(grace)
export_and_delete(grace)
