"""All kinds of changes of one account at the same time: some lose, but none fails."""

import asyncio
import random
from collections.abc import Awaitable

import httpx
import pytest

from internal.domain.account_token import TokenPurpose
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from tests.support.mailed_tokens import PASSWORD, MailedTokens

pytestmark = pytest.mark.anyio

EMAIL = "ada@example.com"
ME = "/api/v1/users/me"
OF_EACH = 3


@pytest.fixture
def site(client: httpx.AsyncClient, container: Container) -> MailedTokens:
    client.timeout = httpx.Timeout(60)
    return MailedTokens(client, container)


async def by_mail(site: MailedTokens, ada: User, number: int) -> list[Awaitable[httpx.Response]]:
    new = f"ada{number}@example.com"
    bodies = {
        "verify-email": {"token": await site.mailed(ada, TokenPurpose.VERIFY_EMAIL)},
        "confirm-email": {"token": await site.mailed(ada, TokenPurpose.CONFIRM_EMAIL, email=new)},
        "reset-password": {
            "token": await site.mailed(ada, TokenPurpose.RESET_PASSWORD),
            "password": f"battery staple {number}",
        },
    }
    return [site.client.post(f"/api/v1/auth/{name}", json=body) for name, body in bodies.items()]


def by_session(site: MailedTokens, headers: dict[str, str], number: int) -> list[Awaitable[httpx.Response]]:
    password = {"current_password": PASSWORD, "new_password": f"horse battery {number}"}
    email = {"email": f"ada.king{number}@example.com", "password": PASSWORD}
    return [
        site.client.patch(ME, json={"name": f"Ada {number}"}, headers=headers),
        site.client.post(f"{ME}/password", json=password, headers=headers),
        site.client.post(f"{ME}/email", json=email, headers=headers),
        site.log_in(EMAIL, PASSWORD),
    ]


@pytest.mark.parametrize("order", range(3))
async def test_no_change_waits_for_another_one_forever(site: MailedTokens, order: int) -> None:
    ada, headers = await site.sign_up(EMAIL)
    changes: list[Awaitable[httpx.Response]] = []
    for number in range(OF_EACH):
        changes += await by_mail(site, ada, number)
        changes += by_session(site, headers, number)
    random.Random(order).shuffle(changes)  # noqa: S311 - the order is not a secret

    responses = await asyncio.gather(*changes)

    failed = [response.text for response in responses if response.status_code >= 500]
    assert failed == []
    used = [response for response in responses if response.request.url.path.endswith("confirm-email")]
    assert sorted(response.status_code for response in used).count(200) <= 1
