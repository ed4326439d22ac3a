import pytest

from internal.application.new_password import CommonPassword
from internal.application.tasks.send_password_changed import SendPasswordChanged
from internal.application.users.change_password import ChangePassword, ChangePasswordCommand
from internal.domain.account_token import TokenPurpose
from internal.domain.password_policy import UnacceptablePassword
from internal.domain.security_event import EventName
from internal.domain.user import User, WrongPassword
from tests.fakes.clock import NOON
from tests.support.callers import CALLER
from tests.support.own_accounts import PASSWORD, FakeOwnAccounts

pytestmark = pytest.mark.anyio

NEW = "battery staple"


@pytest.fixture
def accounts(ada: User) -> FakeOwnAccounts:
    return FakeOwnAccounts(ada)


async def change(accounts: FakeOwnAccounts, *, current: str = PASSWORD, new: str = NEW) -> None:
    use_case = ChangePassword(
        uow=accounts.uow,
        confirm_password=accounts.confirm_password,
        new_password=accounts.new_password,
        clock=accounts.clock,
    )
    await use_case(
        ChangePasswordCommand(
            principal=accounts.principal, current_password=current, new_password=new, caller=CALLER
        )
    )


async def test_sets_the_password_and_tells_the_user(accounts: FakeOwnAccounts) -> None:
    await change(accounts)

    assert await accounts.hasher.verify(NEW, accounts.stored.password_hash)
    assert accounts.stored.sessions_valid_from == NOON
    assert accounts.events == [EventName.PASSWORD_CHANGED]
    assert accounts.tasks == [SendPasswordChanged(user_id=accounts.ada.id, changed_at=NOON)]


async def test_ends_all_sessions_but_its_own(accounts: FakeOwnAccounts) -> None:
    own, _ = await accounts.open_session(accounts.principal.session_id), await accounts.open_session()

    await change(accounts)

    assert [session.id for session in await accounts.uow.sessions.list_of(accounts.ada.id)] == [own]


async def test_withdraws_the_links_that_a_thief_may_have_asked_for(accounts: FakeOwnAccounts) -> None:
    reset = await accounts.mailed(TokenPurpose.RESET_PASSWORD)
    other_address = await accounts.mailed(TokenPurpose.CONFIRM_EMAIL, email="eve@example.com")

    await change(accounts)

    assert not accounts.is_live(reset)
    assert not accounts.is_live(other_address)


async def test_asks_for_the_current_password(accounts: FakeOwnAccounts) -> None:
    with pytest.raises(WrongPassword):
        await change(accounts, current="wrong horse")

    assert (accounts.stored, accounts.tasks) == (accounts.ada, [])
    assert accounts.hasher.hashed == []


@pytest.mark.parametrize(("new", "error"), [("short", UnacceptablePassword), ("password", CommonPassword)])
async def test_names_the_field_of_the_password_that_is_refused(
    accounts: FakeOwnAccounts, new: str, error: type[UnacceptablePassword]
) -> None:
    with pytest.raises(error) as refused:
        await change(accounts, new=new)

    assert refused.value.errors.keys() == {"new_password"}
    assert accounts.stored == accounts.ada


async def test_keeps_what_another_request_changed_at_the_same_time(accounts: FakeOwnAccounts) -> None:
    accounts.uow.users.by_id[accounts.ada.id] = accounts.ada.verify_email(now=accounts.clock.now())

    await change(accounts)

    assert (accounts.stored.verified_at, accounts.stored.version) == (accounts.clock.now(), 3)
