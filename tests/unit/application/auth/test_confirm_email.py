from dataclasses import replace
from uuid import uuid4

import pytest

from internal.application.auth.confirm_email import ConfirmEmail, ConfirmEmailCommand
from internal.application.tasks.send_email_changed import SendEmailChanged
from internal.domain.account_token import InvalidAccountToken, TokenPurpose
from internal.domain.email_address import EmailAddress
from internal.domain.security_event import EventName
from internal.domain.user import EmailAlreadyRegistered, User
from tests.fakes.clock import NOON
from tests.support.callers import CALLER
from tests.support.own_accounts import FakeOwnAccounts

pytestmark = pytest.mark.anyio

NEW = "ada.king@example.com"


@pytest.fixture
def accounts(ada: User) -> FakeOwnAccounts:
    return FakeOwnAccounts(ada)


async def confirm(accounts: FakeOwnAccounts, token: str) -> None:
    use_case = ConfirmEmail(uow=accounts.uow, clock=accounts.clock)
    await use_case(ConfirmEmailCommand(token=token, caller=CALLER))


async def test_gives_the_account_the_address_that_the_mail_went_to(accounts: FakeOwnAccounts) -> None:
    session = await accounts.open_session()

    await confirm(accounts, await accounts.mailed(TokenPurpose.CONFIRM_EMAIL, email=NEW))

    assert (accounts.stored.email.value, accounts.stored.verified_at) == (NEW, NOON)
    assert await accounts.uow.sessions.get(session)
    assert accounts.events == [EventName.EMAIL_CHANGED]


async def test_tells_the_address_before(accounts: FakeOwnAccounts) -> None:
    await confirm(accounts, await accounts.mailed(TokenPurpose.CONFIRM_EMAIL, email=NEW))

    assert accounts.tasks == [
        SendEmailChanged(user_id=accounts.ada.id, email="ada@example.com", name="Ada", changed_at=NOON)
    ]


async def test_withdraws_all_other_links_of_the_account(accounts: FakeOwnAccounts) -> None:
    token = await accounts.mailed(TokenPurpose.CONFIRM_EMAIL, email=NEW)
    others = [await accounts.mailed(purpose) for purpose in TokenPurpose]

    await confirm(accounts, token)

    assert not any(accounts.is_live(other) for other in others)


async def test_refuses_an_address_that_another_account_got_since(accounts: FakeOwnAccounts) -> None:
    token = await accounts.mailed(TokenPurpose.CONFIRM_EMAIL, email=NEW)
    other = replace(accounts.ada, id=uuid4(), email=EmailAddress.parse(NEW))
    accounts.uow.users.by_id[other.id] = other

    with pytest.raises(EmailAlreadyRegistered):
        await confirm(accounts, token)

    assert accounts.stored == accounts.ada
    assert (accounts.events, accounts.tasks, accounts.is_live(token)) == ([], [], True)


async def test_a_token_for_verification_changes_no_address(accounts: FakeOwnAccounts) -> None:
    with pytest.raises(InvalidAccountToken):
        await confirm(accounts, await accounts.mailed(TokenPurpose.VERIFY_EMAIL, email=NEW))

    assert accounts.stored == accounts.ada
