"""What users do with their own accounts, from the sign-up to the deletion."""

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import grpc
import grpc.aio
import pytest

from internal.domain.account_token import TokenPurpose
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.grpc.generated.account.v1 import account_pb2, email_link_pb2, session_pb2
from internal.infrastructure.grpc.generated.account.v1.account_pb2_grpc import AccountServiceStub
from internal.infrastructure.grpc.generated.account.v1.email_link_pb2_grpc import EmailLinkServiceStub
from internal.infrastructure.grpc.generated.account.v1.security_event_pb2 import EVENT_RESULT_SUCCESS
from internal.infrastructure.grpc.generated.account.v1.session_pb2_grpc import SessionServiceStub
from internal.infrastructure.grpc.generated.user.user_pb2 import (
    CreateUserRequest,
    LoginRequest,
    LoginResponse,
)
from tests.support.account_tokens import token_for
from tests.support.grpc_door import bearer, failure

if TYPE_CHECKING:
    from internal.infrastructure.grpc.generated.account.v1.account_pb2_grpc import AccountServiceAsyncStub
    from internal.infrastructure.grpc.generated.account.v1.email_link_pb2_grpc import (
        EmailLinkServiceAsyncStub,
    )
    from internal.infrastructure.grpc.generated.account.v1.session_pb2_grpc import SessionServiceAsyncStub
    from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceAsyncStub

pytestmark = pytest.mark.anyio

EMAIL, PASSWORD, NEW_PASSWORD = "ada@example.com", "correct horse", "purple otter seven"
NOT_FOUND, DENIED = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED


@pytest.fixture
async def ada(users: "UserServiceAsyncStub") -> LoginResponse:
    return await users.CreateUser(CreateUserRequest(email=EMAIL, name="Ada Lovelace", password=PASSWORD))


@pytest.fixture
def account(channel: grpc.aio.Channel) -> "AccountServiceAsyncStub":
    return AccountServiceStub(channel)


@pytest.fixture
def sessions(channel: grpc.aio.Channel) -> "SessionServiceAsyncStub":
    return SessionServiceStub(channel)


@pytest.fixture
def links(channel: grpc.aio.Channel) -> "EmailLinkServiceAsyncStub":
    return EmailLinkServiceStub(channel)


async def log_in(users: "UserServiceAsyncStub", password: str, email: str = EMAIL) -> LoginResponse:
    return await users.Login(LoginRequest(email=email, password=password))


async def test_shows_and_renames_the_caller(account: "AccountServiceAsyncStub", ada: LoginResponse) -> None:
    request = account_pb2.ChangeNameRequest(name="Countess of Lovelace")

    renamed = await account.ChangeName(request, metadata=bearer(ada.token))

    shown = await account.GetAccount(account_pb2.GetAccountRequest(), metadata=bearer(ada.token))
    assert (shown.user.name, shown.user) == ("Countess of Lovelace", renamed.user)


async def test_changes_the_password_and_ends_other_sessions(
    account: "AccountServiceAsyncStub", users: "UserServiceAsyncStub", ada: LoginResponse
) -> None:
    other = await log_in(users, PASSWORD)
    wrong = account_pb2.ChangePasswordRequest(current_password="wrong", new_password=NEW_PASSWORD)
    right = account_pb2.ChangePasswordRequest(current_password=PASSWORD, new_password=NEW_PASSWORD)

    refused = await failure(account.ChangePassword(wrong, metadata=bearer(ada.token)))
    await account.ChangePassword(right, metadata=bearer(ada.token))

    ended = await failure(account.GetAccount(account_pb2.GetAccountRequest(), metadata=bearer(other.token)))
    assert (refused.status, refused.code) == (DENIED, "WRONG_PASSWORD")
    assert ended.code == "INVALID_TOKEN"
    assert (await log_in(users, NEW_PASSWORD)).token


async def test_refreshes_a_session_once(sessions: "SessionServiceAsyncStub", ada: LoginResponse) -> None:
    request = session_pb2.RefreshSessionRequest(refresh_token=ada.refresh_token)

    refreshed = (await sessions.RefreshSession(request)).login
    await sessions.RefreshSession(session_pb2.RefreshSessionRequest(refresh_token=refreshed.refresh_token))
    reused = await failure(sessions.RefreshSession(request))

    assert refreshed.user == ada.user
    assert refreshed.refresh_token != ada.refresh_token
    assert (reused.status, reused.code) == (grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN")


async def test_logs_out(
    sessions: "SessionServiceAsyncStub", account: "AccountServiceAsyncStub", ada: LoginResponse
) -> None:
    await sessions.LogOut(session_pb2.LogOutRequest(refresh_token=ada.refresh_token))

    refused = await failure(account.GetAccount(account_pb2.GetAccountRequest(), metadata=bearer(ada.token)))
    assert refused.code == "INVALID_TOKEN"


async def test_lists_and_ends_sessions(
    sessions: "SessionServiceAsyncStub", users: "UserServiceAsyncStub", ada: LoginResponse
) -> None:
    other = await log_in(users, PASSWORD)
    both = session_pb2.ListSessionsRequest()

    listed = await sessions.ListSessions(both, metadata=bearer(ada.token))
    [theirs] = [each for each in listed.sessions if not each.current]
    await sessions.EndSession(session_pb2.EndSessionRequest(id=theirs.id), metadata=bearer(ada.token))
    again = await failure(
        sessions.EndSession(session_pb2.EndSessionRequest(id=theirs.id), metadata=bearer(ada.token))
    )

    assert len(listed.sessions) == 2
    assert theirs.address == "127.0.0.1"
    assert theirs.user_agent.startswith("grpc-python")
    assert (again.status, again.code) == (NOT_FOUND, "SESSION_NOT_FOUND")
    assert (await failure(sessions.ListSessions(both, metadata=bearer(other.token)))).code == "INVALID_TOKEN"


async def test_lists_sessions_page_by_page(
    sessions: "SessionServiceAsyncStub", users: "UserServiceAsyncStub", ada: LoginResponse
) -> None:
    await log_in(users, PASSWORD)

    first = await sessions.ListSessions(session_pb2.ListSessionsRequest(limit=1), metadata=bearer(ada.token))
    second = await sessions.ListSessions(
        session_pb2.ListSessionsRequest(limit=1, cursor=first.next_cursor), metadata=bearer(ada.token)
    )

    assert len({first.sessions[0].id, second.sessions[0].id}) == 2
    assert second.next_cursor == ""


async def test_ends_all_sessions(sessions: "SessionServiceAsyncStub", ada: LoginResponse) -> None:
    await sessions.EndAllSessions(session_pb2.EndAllSessionsRequest(), metadata=bearer(ada.token))

    refused = await failure(
        sessions.ListSessions(session_pb2.ListSessionsRequest(), metadata=bearer(ada.token))
    )
    assert refused.code == "INVALID_TOKEN"


@pytest.mark.parametrize("session_id", ["", "ada", str(UUID(int=7))])
async def test_does_not_end_a_session_that_is_not_there(
    sessions: "SessionServiceAsyncStub", ada: LoginResponse, session_id: str
) -> None:
    request = session_pb2.EndSessionRequest(id=session_id)

    refused = await failure(sessions.EndSession(request, metadata=bearer(ada.token)))

    assert refused.code == "SESSION_NOT_FOUND"


class Mail:
    """The tokens that emails to Ada would carry."""

    def __init__(self, container: Container, user_id: str) -> None:
        self._container = container
        self._user_id = UUID(user_id)

    async def user(self) -> User:
        async with self._container.database.unit_of_work() as uow:
            user: User | None = await uow.users.get(self._user_id)
        assert user
        return user

    async def token(self, purpose: TokenPurpose, *, email: str | None = None) -> str:
        text, token = token_for(await self.user(), purpose, email=email)
        async with self._container.database.unit_of_work() as uow:
            await uow.account_tokens.add(token)
            await uow.commit()
        return text


async def test_verifies_the_address_once(
    links: "EmailLinkServiceAsyncStub", container: Container, ada: LoginResponse
) -> None:
    mail = Mail(container, ada.user.id)
    request = email_link_pb2.VerifyEmailRequest(token=await mail.token(TokenPurpose.VERIFY_EMAIL))

    await links.VerifyEmail(request)
    again = await failure(links.VerifyEmail(request))

    assert (await mail.user()).verified_at
    assert (again.status, again.code) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ACCOUNT_TOKEN")


async def test_resets_a_forgotten_password(
    links: "EmailLinkServiceAsyncStub",
    users: "UserServiceAsyncStub",
    container: Container,
    ada: LoginResponse,
) -> None:
    await links.ForgotPassword(email_link_pb2.ForgotPasswordRequest(email=EMAIL))
    token = await Mail(container, ada.user.id).token(TokenPurpose.RESET_PASSWORD)

    await links.ResetPassword(email_link_pb2.ResetPasswordRequest(token=token, password=NEW_PASSWORD))

    assert (await log_in(users, NEW_PASSWORD)).user.is_verified


async def test_changes_the_address_when_it_is_confirmed(
    account: "AccountServiceAsyncStub",
    links: "EmailLinkServiceAsyncStub",
    container: Container,
    ada: LoginResponse,
) -> None:
    request = account_pb2.ChangeEmailRequest(email="new@example.com", password=PASSWORD)
    await account.ChangeEmail(request, metadata=bearer(ada.token))
    mail = Mail(container, ada.user.id)
    token = await mail.token(TokenPurpose.CONFIRM_EMAIL, email="new@example.com")

    await links.ConfirmEmail(email_link_pb2.ConfirmEmailRequest(token=token))

    assert (await mail.user()).email.value == "new@example.com"


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
async def test_answers_alike_for_every_address(
    links: "EmailLinkServiceAsyncStub", ada: LoginResponse, email: str
) -> None:
    assert ada.user.email == EMAIL

    verification = await links.ResendVerification(email_link_pb2.ResendVerificationRequest(email=email))
    reset = await links.ForgotPassword(email_link_pb2.ForgotPasswordRequest(email=email))

    assert verification == email_link_pb2.ResendVerificationResponse()
    assert reset == email_link_pb2.ForgotPasswordResponse()


async def test_tells_what_happened(account: "AccountServiceAsyncStub", ada: LoginResponse) -> None:
    await account.ChangeName(account_pb2.ChangeNameRequest(name="Ada King"), metadata=bearer(ada.token))

    newest = await account.ListSecurityEvents(
        account_pb2.ListSecurityEventsRequest(limit=1), metadata=bearer(ada.token)
    )
    older = await account.ListSecurityEvents(
        account_pb2.ListSecurityEventsRequest(cursor=newest.next_cursor), metadata=bearer(ada.token)
    )

    assert [event.name for event in (*newest.events, *older.events)] == ["user.renamed", "auth.registered"]
    [event] = newest.events
    assert (event.result, event.actor_id, event.address) == (EVENT_RESULT_SUCCESS, ada.user.id, "127.0.0.1")


async def test_exports_everything_about_the_account(
    account: "AccountServiceAsyncStub", container: Container, ada: LoginResponse
) -> None:
    await Mail(container, ada.user.id).token(TokenPurpose.VERIFY_EMAIL)

    exported = await account.ExportAccount(account_pb2.ExportAccountRequest(), metadata=bearer(ada.token))

    assert exported.user == ada.user
    assert not exported.HasField("verified_at")
    assert [session.current for session in exported.sessions] == [True]
    assert [link.email for link in exported.links] == [EMAIL]
    assert [task.name for task in exported.tasks] == ["email:welcome"]
    assert [event.name for event in exported.security_events] == ["auth.registered"]
    assert not exported.has_older_security_events
    assert b"argon2" not in exported.SerializeToString()


async def test_deletes_the_account(
    account: "AccountServiceAsyncStub", users: "UserServiceAsyncStub", ada: LoginResponse
) -> None:
    wrong = account_pb2.DeleteAccountRequest(password=uuid4().hex)
    right = account_pb2.DeleteAccountRequest(password=PASSWORD)

    refused = await failure(account.DeleteAccount(wrong, metadata=bearer(ada.token)))
    await account.DeleteAccount(right, metadata=bearer(ada.token))

    assert refused.code == "WRONG_PASSWORD"
    login = LoginRequest(email=EMAIL, password=PASSWORD)
    assert (await failure(users.Login(login))).code == "INVALID_CREDENTIALS"
