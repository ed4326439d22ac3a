"""Limits on requests for mails and on guesses at a password, as users meet them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from internal.domain.account_token import TokenPurpose
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.config.settings import Settings
from tests.support.long_lockout import with_long_lockout
from tests.support.mailed_tokens import PASSWORD, MailedTokens
from tests.support.shared_application import shared_app_of

pytestmark = pytest.mark.anyio

EMAIL = "ada@example.com"
NEW_PASSWORD = "battery staple"
STRICT = "2/15 minutes"


@asynccontextmanager
async def served(settings: Settings, **limits: str) -> AsyncIterator[MailedTokens]:
    container = Container(settings=with_long_lockout(settings, **limits))
    transport = httpx.ASGITransport(shared_app_of(container))  # type: ignore[arg-type]  # as in conftest.py
    async with (
        open_resources(container),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        yield MailedTokens(client, container)


async def change_password(site: MailedTokens, headers: dict[str, str], current: str) -> httpx.Response:
    body = {"current_password": current, "new_password": NEW_PASSWORD}
    return await site.client.post("/api/v1/users/me/password", json=body, headers=headers)


@pytest.mark.parametrize("path", ["/api/v1/auth/forgot-password", "/api/v1/auth/resend-verification"])
async def test_an_address_gets_a_few_mails_whether_or_not_it_has_an_account(
    settings: Settings, path: str
) -> None:
    async with served(settings, rate_limit_mails_per_account="3/hour") as site:
        await site.sign_up(EMAIL)

        for email in (EMAIL, "nobody@example.com"):
            responses = [await site.client.post(path, json={"email": email}) for _ in range(4)]

            assert [response.status_code for response in responses] == [202, 202, 202, 429]
            assert 1 <= int(responses[-1].headers["Retry-After"]) <= 3600


async def test_a_user_sends_a_few_mails_to_new_addresses(settings: Settings) -> None:
    async with served(settings, rate_limit_mails_per_account="2/hour") as site:
        _, headers = await site.sign_up(EMAIL)

        statuses = []
        for number in range(3):
            body = {"email": f"stranger{number}@example.com", "password": PASSWORD}
            response = await site.client.post("/api/v1/users/me/email", json=body, headers=headers)
            statuses.append(response.status_code)

        assert statuses == [202, 202, 429]


async def test_a_reset_lifts_a_lock_out(settings: Settings) -> None:
    async with served(settings, rate_limit_login_failures=STRICT) as site:
        ada, _ = await site.sign_up(EMAIL)
        for _ in range(2):
            assert (await site.log_in(EMAIL, "wrong horse")).status_code == 401
        assert (await site.log_in(EMAIL, PASSWORD)).status_code == 429

        reset = {"token": await site.mailed(ada, TokenPurpose.RESET_PASSWORD), "password": NEW_PASSWORD}
        assert (await site.client.post("/api/v1/auth/reset-password", json=reset)).status_code == 200

        assert (await site.log_in(EMAIL, NEW_PASSWORD)).status_code == 200


async def test_strangers_who_fail_to_log_in_do_not_keep_a_user_from_changing_the_password(
    settings: Settings,
) -> None:
    async with served(settings, rate_limit_login_failures=STRICT) as site:
        _, headers = await site.sign_up(EMAIL)
        for _ in range(3):
            await site.log_in(EMAIL, "wrong horse")

        assert (await change_password(site, headers, PASSWORD)).status_code == 200


async def test_a_stolen_session_cannot_guess_the_password_for_long(settings: Settings) -> None:
    async with served(settings, rate_limit_login_failures=STRICT) as site:
        _, headers = await site.sign_up(EMAIL)

        statuses = [(await change_password(site, headers, "wrong horse")).status_code for _ in range(3)]

        assert statuses == [403, 403, 429]
        assert (await change_password(site, headers, PASSWORD)).status_code == 429
        assert (await site.log_in(EMAIL, PASSWORD)).status_code == 200
