"""The tokens that mails carry: each is used once, for one purpose, by a POST."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from internal.domain.account_token import TokenPurpose
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from tests.support.account_tokens import token_for

pytestmark = pytest.mark.anyio

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse"}
VERIFY = "/api/v1/auth/verify-email"


@pytest.fixture
async def stored_ada(client: httpx.AsyncClient, container: Container) -> User:
    response = await client.post("/api/v1/auth/register", json=ADA)
    return await read(container, UUID(response.json()["data"]["user"]["id"]))


async def read(container: Container, user_id: UUID) -> User:
    async with container.database.unit_of_work() as uow:
        user: User | None = await uow.users.get(user_id)
    assert user
    return user


async def mailed(
    container: Container, user: User, purpose: TokenPurpose, *, valid_until: datetime | None = None
) -> str:
    text, token = token_for(user, purpose, valid_until=valid_until)
    async with container.database.unit_of_work() as uow:
        await uow.account_tokens.add(token)
        await uow.commit()
    return text


async def test_verifies_the_address_of_an_account(
    client: httpx.AsyncClient, container: Container, stored_ada: User
) -> None:
    text = await mailed(container, stored_ada, TokenPurpose.VERIFY_EMAIL)

    response = await client.post(VERIFY, json={"token": text})

    assert response.status_code == 200
    body = response.json()
    assert body.keys() == {"success", "message", "meta"}
    assert (body["success"], body["message"]) == (True, "Email address verified")
    assert (await read(container, stored_ada.id)).verified_at


async def test_tells_all_tokens_that_cannot_be_used_alike(
    client: httpx.AsyncClient, container: Container, stored_ada: User
) -> None:
    used = await mailed(container, stored_ada, TokenPurpose.VERIFY_EMAIL)
    assert (await client.post(VERIFY, json={"token": used})).status_code == 200
    live = await mailed(container, stored_ada, TokenPurpose.VERIFY_EMAIL)
    tokens = {
        "used": used,
        "expired": await mailed(
            container, stored_ada, TokenPurpose.VERIFY_EMAIL, valid_until=datetime.now(UTC)
        ),
        "of another purpose": await mailed(container, stored_ada, TokenPurpose.RESET_PASSWORD),
        "truncated": live[:-1],
        "in upper case": live.upper(),
        "guessed": "A" * 43,
        "empty": "",
        "NUL": "\0",
        "SQL": "' OR 1=1 --",
    }

    responses = [await client.post(VERIFY, json={"token": token}) for token in tokens.values()]

    bodies = [response.json() for response in responses]
    for body in bodies:
        del body["meta"]
    assert {response.status_code for response in responses} == {400}
    assert bodies[0]["error_code"] == "INVALID_ACCOUNT_TOKEN"
    assert all(body == bodies[0] for body in bodies)


async def test_one_of_many_simultaneous_requests_uses_a_token(
    client: httpx.AsyncClient, container: Container, stored_ada: User
) -> None:
    text = await mailed(container, stored_ada, TokenPurpose.VERIFY_EMAIL)

    responses = await asyncio.gather(*(client.post(VERIFY, json={"token": text}) for _ in range(10)))

    statuses = [response.status_code for response in responses]
    assert (statuses.count(200), statuses.count(400)) == (1, 9)


async def test_a_get_uses_no_token(client: httpx.AsyncClient, container: Container, stored_ada: User) -> None:
    text = await mailed(container, stored_ada, TokenPurpose.VERIFY_EMAIL)

    assert (await client.get(VERIFY, params={"token": text})).status_code == 405
    assert (await client.head(VERIFY, params={"token": text})).status_code == 405

    assert (await client.post(VERIFY, json={"token": text})).status_code == 200
