import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import select

from internal.domain.account_token import TokenPurpose
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox, security_events
from tests.support.mailed_tokens import PASSWORD, MailedTokens

pytestmark = pytest.mark.anyio

RESET = TokenPurpose.RESET_PASSWORD
NEW = "battery staple"
ME = "/api/v1/users/me"


@pytest.fixture
def site(client: httpx.AsyncClient, container: Container) -> MailedTokens:
    return MailedTokens(client, container)


async def reset(site: MailedTokens, token: str, password: str = NEW) -> httpx.Response:
    body = {"token": token, "password": password}
    return await site.client.post("/api/v1/auth/reset-password", json=body, timeout=30)


async def test_asking_for_a_reset_stores_a_task_that_holds_no_token(
    site: MailedTokens, container: Container
) -> None:
    await site.sign_up()

    response = await site.client.post("/api/v1/auth/forgot-password", json={"email": "Ada@example.com"})

    assert response.status_code == 202
    async with container.database.engine().connect() as connection:
        rows = (await connection.execute(select(outbox).where(outbox.c.task_name != "email:welcome"))).all()
    [row] = rows
    assert (row.task_name, row.payload) == ("email:password-reset", {"email": "ada@example.com"})


async def test_sets_the_password_and_ends_all_sessions(site: MailedTokens) -> None:
    ada, headers = await site.sign_up()
    assert (await site.client.get(ME, headers=headers)).status_code == 200

    assert (await reset(site, await site.mailed(ada, RESET))).status_code == 200

    assert (await site.client.get(ME, headers=headers)).status_code == 401
    assert (await site.log_in("ada@example.com", PASSWORD)).status_code == 401
    assert (await site.log_in("ada@example.com", NEW)).status_code == 200


async def test_a_password_that_is_refused_leaves_the_token(site: MailedTokens) -> None:
    ada, _ = await site.sign_up()
    token = await site.mailed(ada, RESET)

    refused = await reset(site, token, "short")

    assert (refused.status_code, refused.json()["errors"].keys()) == (422, {"password"})
    assert (await reset(site, token)).status_code == 200


async def test_one_of_several_tokens_of_an_account_resets_the_password(site: MailedTokens) -> None:
    ada, _ = await site.sign_up()
    tokens = [await site.mailed(ada, RESET) for _ in range(6)]

    responses = await asyncio.gather(*(reset(site, token, f"{NEW} {token[:8]}") for token in tokens))

    statuses = [response.status_code for response in responses]
    assert (statuses.count(200), statuses.count(400)) == (1, 5)
    winner = tokens[statuses.index(200)]
    assert (await site.log_in("ada@example.com", f"{NEW} {winner[:8]}")).status_code == 200


async def test_a_disabled_account_gets_no_password_until_it_is_enabled(site: MailedTokens) -> None:
    ada, _ = await site.sign_up()
    token = await site.mailed(ada, RESET)
    disabled = ada.disable(now=datetime.now(UTC))
    await site.save(disabled)

    assert (await reset(site, token)).status_code == 400

    await site.save(disabled.enable(now=datetime.now(UTC)))
    assert (await reset(site, token)).status_code == 200


async def test_records_the_reset_without_secrets(site: MailedTokens, container: Container) -> None:
    ada, _ = await site.sign_up()
    token = await site.mailed(ada, RESET)

    await reset(site, token)

    async with container.database.engine().connect() as connection:
        query = select(security_events).where(security_events.c.name == "auth.password_reset")
        [event] = (await connection.execute(query)).all()
    assert (event.subject_id, event.result, event.details) == (ada.id, "success", {})
    assert event.request_id
