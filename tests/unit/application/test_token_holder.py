from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from internal.application.token_holder import token_holder
from internal.domain.account_token import InvalidAccountToken, TokenPurpose
from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from tests.fakes.clock import NOON
from tests.fakes.unit_of_work import FakeUnitOfWork
from tests.support.account_tokens import token_for

pytestmark = pytest.mark.anyio

VERIFY, RESET, CONFIRM = TokenPurpose.VERIFY_EMAIL, TokenPurpose.RESET_PASSWORD, TokenPurpose.CONFIRM_EMAIL
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def uow(ada: User) -> FakeUnitOfWork:
    uow = FakeUnitOfWork()
    uow.users.by_id[ada.id] = ada
    return uow


async def mailed(uow: FakeUnitOfWork, user: User, purpose: TokenPurpose, email: str | None = None) -> str:
    text, token = token_for(user, purpose, email=email, valid_until=LATER)
    await uow.account_tokens.add(token)
    return text


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_finds_the_user_that_the_mail_went_to(
    uow: FakeUnitOfWork, ada: User, purpose: TokenPurpose
) -> None:
    text = await mailed(uow, ada, purpose)

    user, token = await token_holder(uow, text, purpose)

    assert (user, token.purpose) == (ada, purpose)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text[:-1], id="truncated"),
        pytest.param(lambda text: text.upper(), id="upper case"),
        pytest.param(lambda text: text + "=", id="padded"),
        pytest.param(lambda text: f" {text}", id="space in front"),
        pytest.param(lambda _: "", id="empty"),
        pytest.param(lambda _: "\0", id="NUL"),
        pytest.param(lambda _: "\u00e9" * 60_000, id="long"),
    ],
)
async def test_refuses_any_other_text(uow: FakeUnitOfWork, ada: User, change: Callable[[str], str]) -> None:
    text = await mailed(uow, ada, VERIFY)

    with pytest.raises(InvalidAccountToken, match=r"^The token is invalid or has expired$"):
        await token_holder(uow, change(text), VERIFY)


async def test_refuses_a_token_of_another_purpose(uow: FakeUnitOfWork, ada: User) -> None:
    text = await mailed(uow, ada, VERIFY)

    with pytest.raises(InvalidAccountToken):
        await token_holder(uow, text, RESET)


async def test_refuses_a_token_while_its_account_is_disabled(uow: FakeUnitOfWork, ada: User) -> None:
    text = await mailed(uow, ada, RESET)
    uow.users.by_id[ada.id] = ada.disable(now=NOON)

    with pytest.raises(InvalidAccountToken):
        await token_holder(uow, text, RESET)


async def test_only_a_confirmation_may_go_to_another_address_than_that_of_the_account(
    uow: FakeUnitOfWork, ada: User
) -> None:
    verify, reset, confirm = [
        await mailed(uow, ada, purpose, email="old@example.com") for purpose in (VERIFY, RESET, CONFIRM)
    ]

    for text, purpose in ((verify, VERIFY), (reset, RESET)):
        with pytest.raises(InvalidAccountToken):
            await token_holder(uow, text, purpose)
    assert (await token_holder(uow, confirm, CONFIRM))[0] == ada


async def test_refuses_a_token_whose_account_has_another_address_by_now(
    uow: FakeUnitOfWork, ada: User
) -> None:
    text = await mailed(uow, ada, RESET)
    uow.users.by_id[ada.id] = replace(ada, email=EmailAddress.parse("new@example.com"))

    with pytest.raises(InvalidAccountToken):
        await token_holder(uow, text, RESET)
