"""Requests for a verification or a reset: the same for every address, and limited."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from internal.application.auth.request_password_reset import (
    RequestPasswordReset,
    RequestPasswordResetCommand,
)
from internal.application.auth.request_verification import RequestVerification, RequestVerificationCommand
from internal.application.tasks.send_password_reset import SendPasswordReset
from internal.application.tasks.send_verification_email import SendVerificationEmail
from internal.domain.email_address import InvalidEmailAddress
from internal.domain.errors import RateLimited
from internal.domain.user import User
from internal.ports.rate_limiter import Limit, Quota
from tests.fakes.clock import NOON
from tests.support.callers import CALLER
from tests.support.own_accounts import FakeOwnAccounts

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
QUOTAS = {
    Limit.RESET_MAILS_PER_ACCOUNT: Quota(3, HOUR),
    Limit.VERIFICATION_MAILS_PER_ACCOUNT: Quota(3, HOUR),
    Limit.MAILS_PER_CLIENT: Quota(5, HOUR),
}

Ask = Callable[[FakeOwnAccounts, str], Awaitable[None]]


async def forgot(accounts: FakeOwnAccounts, email: str) -> None:
    request = RequestPasswordReset(uow=accounts.uow, rate_limiter=accounts.limiter, clock=accounts.clock)
    await request(RequestPasswordResetCommand(email=email, caller=CALLER))


async def resend(accounts: FakeOwnAccounts, email: str) -> None:
    request = RequestVerification(uow=accounts.uow, rate_limiter=accounts.limiter)
    await request(RequestVerificationCommand(email=email, caller=CALLER))


@pytest.fixture
def accounts(ada: User) -> FakeOwnAccounts:
    return FakeOwnAccounts(ada, quotas=QUOTAS)


async def test_publishes_the_same_task_with_and_without_an_account(accounts: FakeOwnAccounts) -> None:
    for email in (" Ada@Example.com", "nobody@example.com"):
        await forgot(accounts, email)
        await resend(accounts, email)

    assert accounts.tasks == [
        SendPasswordReset(email="ada@example.com"),
        SendVerificationEmail(email="ada@example.com"),
        SendPasswordReset(email="nobody@example.com"),
        SendVerificationEmail(email="nobody@example.com"),
    ]


async def test_nobody_gets_a_reset_after_its_token_would_have_expired(accounts: FakeOwnAccounts) -> None:
    await forgot(accounts, "ada@example.com")

    [published] = accounts.uow.published
    assert published.options.deadline == NOON + HOUR


@pytest.mark.parametrize("ask", [forgot, resend])
async def test_limits_the_mails_of_one_account(accounts: FakeOwnAccounts, ask: Ask) -> None:
    for email in ("ada@example.com", "ADA@example.com", " ada@example.com "):
        await ask(accounts, email)

    with pytest.raises(RateLimited) as limited:
        await ask(accounts, "ada@example.com")

    assert limited.value.retry_after == HOUR
    await ask(accounts, "eve@example.com")
    assert len(accounts.tasks) == 4


async def test_limits_the_mails_that_one_client_asks_for(accounts: FakeOwnAccounts) -> None:
    for number in range(5):
        await (forgot if number % 2 else resend)(accounts, f"user{number}@example.com")

    with pytest.raises(RateLimited):
        await forgot(accounts, "ada@example.com")


@pytest.mark.parametrize("ask", [forgot, resend])
async def test_refuses_what_cannot_be_an_address_and_does_not_count_it(
    accounts: FakeOwnAccounts, ask: Ask
) -> None:
    with pytest.raises(InvalidEmailAddress):
        await ask(accounts, "not an address")

    assert (accounts.tasks, accounts.limiter.used) == ([], {})
