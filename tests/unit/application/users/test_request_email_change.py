from datetime import timedelta

import pytest

from internal.application.tasks.send_email_change import SendEmailChange
from internal.application.users.request_email_change import RequestEmailChange, RequestEmailChangeCommand
from internal.domain.account_token import TokenPurpose
from internal.domain.email_address import InvalidEmailAddress
from internal.domain.errors import RateLimited
from internal.domain.security_event import EventName
from internal.domain.user import User, WrongPassword
from internal.ports.rate_limiter import Limit, Quota
from tests.support.callers import CALLER
from tests.support.own_accounts import PASSWORD, FakeOwnAccounts

pytestmark = pytest.mark.anyio

NEW = "ada.king@example.com"
QUOTAS = {Limit.EMAIL_CHANGE_MAILS_PER_ACCOUNT: Quota(2, timedelta(hours=1))}


@pytest.fixture
def accounts(ada: User) -> FakeOwnAccounts:
    return FakeOwnAccounts(ada, quotas=QUOTAS)


async def ask(accounts: FakeOwnAccounts, email: str = NEW, *, password: str = PASSWORD) -> None:
    use_case = RequestEmailChange(
        uow=accounts.uow,
        confirm_password=accounts.confirm_password,
        rate_limiter=accounts.limiter,
        clock=accounts.clock,
    )
    await use_case(
        RequestEmailChangeCommand(principal=accounts.principal, email=email, password=password, caller=CALLER)
    )


async def test_mails_the_new_address_and_changes_nothing_yet(accounts: FakeOwnAccounts) -> None:
    await ask(accounts, " Ada.King@Example.com")

    assert accounts.stored == accounts.ada
    assert accounts.tasks == [
        SendEmailChange(user_id=accounts.ada.id, email=NEW, requested_at=accounts.clock.now())
    ]
    assert accounts.events == [EventName.EMAIL_CHANGE_REQUESTED]


async def test_the_link_of_the_request_before_does_nothing_more(accounts: FakeOwnAccounts) -> None:
    mistyped = await accounts.mailed(TokenPurpose.CONFIRM_EMAIL, email="ada.kin@example.com")

    await ask(accounts)

    assert not accounts.is_live(mistyped)


async def test_asks_for_the_password(accounts: FakeOwnAccounts) -> None:
    with pytest.raises(WrongPassword):
        await ask(accounts, password="wrong horse")

    assert accounts.tasks == []


async def test_refuses_what_cannot_be_an_address(accounts: FakeOwnAccounts) -> None:
    with pytest.raises(InvalidEmailAddress):
        await ask(accounts, "not an address")

    assert (accounts.tasks, accounts.attempts.failures) == ([], {})


async def test_an_account_cannot_be_used_to_mail_many_strangers(accounts: FakeOwnAccounts) -> None:
    for number in range(2):
        await ask(accounts, f"stranger{number}@example.com")

    with pytest.raises(RateLimited):
        await ask(accounts, "stranger3@example.com")
