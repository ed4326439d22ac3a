"""The life of an account through the client of openapi-python-client, against the API at the URL in argv."""

import sys
from typing import TypeVar

from account_client import AuthenticatedClient, Client
from account_client.api.admin import admin_list_users
from account_client.api.auth import auth_log_in, auth_log_out, auth_refresh, auth_register, auth_token
from account_client.api.users import (
    users_change_password,
    users_end_session,
    users_export,
    users_list_own_security_events,
    users_list_sessions,
    users_me,
    users_remove,
    users_rename,
)
from account_client.models import (
    AuthenticatedUser,
    ChangeNameRequest,
    ChangePasswordRequest,
    DeleteAccountRequest,
    EmptyEnvelope,
    ErrorCode,
    GrantError,
    GrantRequest,
    GrantRequestGrantType,
    LogInRequest,
    Problem,
    RefreshTokenRequest,
    RegisterRequest,
)

T = TypeVar("T")
URL = sys.argv[1]
EMAIL, PASSWORD, NEW_PASSWORD = "ada@clients.example.com", "purple otter 7", "green heron 9"
anybody = Client(base_url=URL, raise_on_unexpected_status=True)


def signed_in(user: AuthenticatedUser) -> AuthenticatedClient:
    assert isinstance(user.token, str)
    return AuthenticatedClient(base_url=URL, token=user.token, raise_on_unexpected_status=True)


def success(answer: T | Problem | None) -> T:
    assert answer is not None
    assert not isinstance(answer, Problem), answer
    return answer


def problem(answer: object, code: ErrorCode) -> Problem:
    assert isinstance(answer, Problem), answer
    assert answer.error_code is code
    return answer


def sign_up_and_refresh() -> AuthenticatedUser:
    request = RegisterRequest(email=EMAIL, name="Ada", password=PASSWORD)
    first = success(auth_register.sync(client=anybody, body=request)).data
    problem(auth_register.sync(client=anybody, body=request), ErrorCode.EMAIL_ALREADY_REGISTERED)
    assert isinstance(first.refresh_token, str)
    refresh = RefreshTokenRequest(refresh_token=first.refresh_token)
    return success(auth_refresh.sync(client=signed_in(first), body=refresh)).data


def read_and_change(client: AuthenticatedClient) -> None:
    assert success(users_me.sync(client=client)).data.email == EMAIL
    renamed = success(users_rename.sync(client=client, body=ChangeNameRequest(name="Ada Lovelace"))).data
    assert renamed.name == "Ada Lovelace"
    refused = problem(
        users_rename.sync(client=client, body=ChangeNameRequest(name="")), ErrorCode.VALIDATION_ERROR
    )
    assert refused.errors
    assert refused.errors["name"] == ["must be between 1 and 100 characters"]
    change = ChangePasswordRequest(current_password=PASSWORD, new_password=NEW_PASSWORD)
    success(users_change_password.sync(client=client, body=change))
    problem(users_change_password.sync(client=client, body=change), ErrorCode.WRONG_PASSWORD)
    problem(admin_list_users.sync(client=client), ErrorCode.NOT_PERMITTED)


def use_sessions(client: AuthenticatedClient) -> None:
    body = LogInRequest(email=EMAIL, password=NEW_PASSWORD)
    other = signed_in(success(auth_log_in.sync(client=anybody, body=body)).data)
    newest = success(users_list_sessions.sync(client=client, limit=1))
    assert isinstance(newest.meta.pagination.next_cursor, str)
    [session] = newest.data
    success(users_end_session.sync(session.id, client=client))
    problem(users_end_session.sync(session.id, client=client), ErrorCode.SESSION_NOT_FOUND)
    problem(users_me.sync(client=other), ErrorCode.INVALID_TOKEN)
    problem(users_me.sync(client=signed_out()), ErrorCode.INVALID_TOKEN)


def signed_out() -> AuthenticatedClient:
    """A client whose session has ended by a log-out."""
    body = LogInRequest(email=EMAIL, password=NEW_PASSWORD)
    user = success(auth_log_in.sync(client=anybody, body=body)).data
    assert isinstance(user.refresh_token, str)
    token = RefreshTokenRequest(refresh_token=user.refresh_token)
    client = signed_in(user)
    success(auth_log_out.sync(client=client, body=token))
    return client


def grant_tokens() -> None:
    grant = GrantRequest(grant_type=GrantRequestGrantType.PASSWORD, username=EMAIL, password=PASSWORD)
    refused = auth_token.sync(client=anybody, body=grant)
    assert isinstance(refused, GrantError), refused
    assert refused.error == "invalid_grant"


def export_and_delete(client: AuthenticatedClient) -> None:
    exported = success(users_export.sync(client=client)).data
    assert exported.user.name == "Ada Lovelace"
    events = success(users_list_own_security_events.sync(client=client, limit=100)).data
    assert "user.password_changed" in {event.name for event in events}
    problem(users_remove.sync(client=client, body=DeleteAccountRequest(PASSWORD)), ErrorCode.WRONG_PASSWORD)
    removed = success(users_remove.sync(client=client, body=DeleteAccountRequest(NEW_PASSWORD)))
    assert isinstance(removed, EmptyEnvelope)
    problem(users_me.sync(client=client), ErrorCode.INVALID_TOKEN)


ada = signed_in(sign_up_and_refresh())
read_and_change(ada)
use_sessions(ada)
grant_tokens()
export_and_delete(ada)
