import pytest

from internal.application.auth.reset_password import ResetPassword, ResetPasswordCommand
from internal.application.new_password import CommonPassword, PersonalPassword
from internal.application.tasks.send_password_changed import SendPasswordChanged
from internal.domain.account_token import InvalidAccountToken, TokenPurpose
from internal.domain.errors import DomainError
from internal.domain.password_policy import UnacceptablePassword
from internal.domain.security_event import EventName
from internal.domain.user import User
from tests.fakes.clock import NOON
from tests.support.callers import CALLER
from tests.support.own_accounts import PASSWORD, FakeOwnAccounts

pytestmark = pytest.mark.anyio

RESET, CONFIRM, VERIFY = TokenPurpose.RESET_PASSWORD, TokenPurpose.CONFIRM_EMAIL, TokenPurpose.VERIFY_EMAIL
NEW = "battery staple"


@pytest.fixture
def accounts(ada: User) -> FakeOwnAccounts:
    return FakeOwnAccounts(ada)


async def reset(accounts: FakeOwnAccounts, token: str, password: str = NEW) -> None:
    use_case = ResetPassword(
        uow=accounts.uow,
        new_password=accounts.new_password,
        password_attempts=accounts.attempts,
        clock=accounts.clock,
    )
    await use_case(ResetPasswordCommand(token=token, password=password, caller=CALLER))


async def test_sets_the_password_and_verifies_the_address(accounts: FakeOwnAccounts) -> None:
    await reset(accounts, await accounts.mailed(RESET))

    assert await accounts.hasher.verify(NEW, accounts.stored.password_hash)
    assert not await accounts.hasher.verify(PASSWORD, accounts.stored.password_hash)
    assert (accounts.stored.verified_at, accounts.stored.sessions_valid_from) == (NOON, NOON)
    assert accounts.events == [EventName.PASSWORD_RESET]
    assert accounts.tasks == [SendPasswordChanged(user_id=accounts.ada.id, changed_at=NOON)]


async def test_ends_all_sessions(accounts: FakeOwnAccounts) -> None:
    await accounts.open_session()
    await accounts.open_session()

    await reset(accounts, await accounts.mailed(RESET))

    assert await accounts.uow.sessions.list_of(accounts.ada.id) == []


async def test_withdraws_the_links_that_somebody_else_may_have_asked_for(accounts: FakeOwnAccounts) -> None:
    token, other = await accounts.mailed(RESET), await accounts.mailed(RESET)
    change = await accounts.mailed(CONFIRM, email="eve@example.com")
    verify = await accounts.mailed(VERIFY)

    await reset(accounts, token)

    assert [accounts.is_live(text) for text in (other, change, verify)] == [False, False, True]


async def test_unlocks_the_account(accounts: FakeOwnAccounts) -> None:
    locked = ("ada@example.com", str(accounts.ada.id))
    for account in (*locked, "eve@example.com"):
        await accounts.attempts.begin(account)

    await reset(accounts, await accounts.mailed(RESET))

    assert accounts.attempts.failures.keys() == {"eve@example.com"}


async def test_a_token_works_once(accounts: FakeOwnAccounts) -> None:
    token = await accounts.mailed(RESET)
    await reset(accounts, token)
    after_the_first = accounts.stored

    with pytest.raises(InvalidAccountToken):
        await reset(accounts, token, "another battery")

    assert accounts.stored == after_the_first


@pytest.mark.parametrize(
    ("password", "error"),
    [
        ("short", UnacceptablePassword),
        ("x" * 129, UnacceptablePassword),
        ("password", CommonPassword),
        ("ada@example.com", PersonalPassword),
    ],
)
async def test_a_password_that_is_refused_leaves_everything_as_it_was(
    accounts: FakeOwnAccounts, password: str, error: type[DomainError]
) -> None:
    token, session = await accounts.mailed(RESET), await accounts.open_session()

    with pytest.raises(error):
        await reset(accounts, token, password)

    assert accounts.stored == accounts.ada
    assert await accounts.uow.sessions.get(session)
    assert (accounts.events, accounts.tasks, accounts.is_live(token)) == ([], [], True)


async def test_a_guessed_token_costs_no_hash(accounts: FakeOwnAccounts) -> None:
    with pytest.raises(InvalidAccountToken):
        await reset(accounts, "A" * 43)

    assert accounts.hasher.hashed == []


def test_a_command_shows_no_secret() -> None:
    command = ResetPasswordCommand(token="secret-1", password="secret-2", caller=CALLER)

    assert "secret" not in repr(command)
