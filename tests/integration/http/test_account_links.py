"""The tokens that mails carry: each is used once, for one purpose, by a POST."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
import pytest

from internal.domain.account_token import TokenPurpose
from internal.infrastructure.bootstrap.container import Container
from tests.support.mailed_tokens import MailedTokens

pytestmark = pytest.mark.anyio

VERIFY, RESET, CONFIRM = TokenPurpose.VERIFY_EMAIL, TokenPurpose.RESET_PASSWORD, TokenPurpose.CONFIRM_EMAIL
# What uses a token of each purpose: the path, and the rest of the body.
ROUTES: Mapping[TokenPurpose, tuple[str, Mapping[str, str]]] = {
    VERIFY: ("/api/v1/auth/verify-email", {}),
    RESET: ("/api/v1/auth/reset-password", {"password": "battery staple"}),
    CONFIRM: ("/api/v1/auth/confirm-email", {}),
}
ADDRESS = {CONFIRM: "ada.king@example.com"}


@pytest.fixture
def site(client: httpx.AsyncClient, container: Container) -> MailedTokens:
    return MailedTokens(client, container)


async def use(site: MailedTokens, purpose: TokenPurpose, token: str) -> httpx.Response:
    path, rest = ROUTES[purpose]
    return await site.client.post(path, json={"token": token, **rest}, timeout=30)


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_a_token_works_once(site: MailedTokens, purpose: TokenPurpose) -> None:
    ada, _ = await site.sign_up()
    text = await site.mailed(ada, purpose, email=ADDRESS.get(purpose))

    first, second = await use(site, purpose, text), await use(site, purpose, text)

    assert (first.status_code, second.status_code) == (200, 400)
    assert first.json().keys() == {"success", "message", "meta"}
    assert (await site.read(ada.id)).verified_at


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_tells_all_tokens_that_cannot_be_used_alike(site: MailedTokens, purpose: TokenPurpose) -> None:
    ada, _ = await site.sign_up()
    disabled, _ = await site.sign_up("disabled@example.com")
    await site.save(disabled.disable(now=datetime.now(UTC)))
    live = await site.mailed(ada, purpose, email=ADDRESS.get(purpose))
    others = [other for other in TokenPurpose if other is not purpose]
    tokens = {
        "expired": await site.mailed(ada, purpose, valid_until=datetime.now(UTC)),
        "of a disabled account": await site.mailed(disabled, purpose),
        "truncated": live[:-1],
        "in upper case": live.upper(),
        "guessed": "A" * 43,
        "empty": "",
        "NUL": "\0",
        "SQL": "' OR 1=1 --",
        **{f"to {other}": await site.mailed(ada, other, email=ADDRESS.get(other)) for other in others},
    }

    responses = {name: await use(site, purpose, token) for name, token in tokens.items()}
    assert (await use(site, purpose, live)).status_code == 200
    responses["used"] = await use(site, purpose, live)

    bodies = [response.json() for response in responses.values()]
    for body in bodies:
        del body["meta"]
    assert {name: response.status_code for name, response in responses.items()} == dict.fromkeys(
        responses, 400
    )
    assert bodies[0]["error_code"] == "INVALID_ACCOUNT_TOKEN"
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.parametrize("purpose", [VERIFY, RESET])
async def test_a_token_is_void_once_the_account_has_another_address(
    site: MailedTokens, purpose: TokenPurpose
) -> None:
    ada, _ = await site.sign_up()
    text = await site.mailed(ada, purpose, email="before@example.com")

    assert (await use(site, purpose, text)).status_code == 400


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_one_of_many_simultaneous_requests_uses_a_token(
    site: MailedTokens, purpose: TokenPurpose
) -> None:
    ada, _ = await site.sign_up()
    text = await site.mailed(ada, purpose, email=ADDRESS.get(purpose))

    responses = await asyncio.gather(*(use(site, purpose, text) for _ in range(10)))

    statuses = [response.status_code for response in responses]
    assert (statuses.count(200), statuses.count(400)) == (1, 9)


@pytest.mark.parametrize("purpose", TokenPurpose)
async def test_looking_at_a_link_uses_no_token(site: MailedTokens, purpose: TokenPurpose) -> None:
    ada, _ = await site.sign_up()
    text = await site.mailed(ada, purpose, email=ADDRESS.get(purpose))
    path, _ = ROUTES[purpose]

    assert (await site.client.get(path, params={"token": text})).status_code == 405
    assert (await site.client.head(path, params={"token": text})).status_code == 405

    assert (await use(site, purpose, text)).status_code == 200
