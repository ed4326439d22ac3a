import asyncio
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete, select

from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import idempotent_requests, outbox, users

pytestmark = pytest.mark.anyio

ADA = {"email": "Ada@Example.com", "name": "Ada Lovelace", "password": "correct horse"}
EVE = {"email": "eve@example.com", "name": "Eve", "password": "battery staple"}
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


async def sign_up(client: httpx.AsyncClient, body: dict[str, str], key: str = KEY) -> httpx.Response:
    return await client.post("/api/v1/auth/register", json=body, headers={"Idempotency-Key": key})


async def stored(container: Container) -> tuple[list[str], int]:
    """Who has signed up, and how many mails there are to be."""
    async with container.database.engine().connect() as connection:
        emails = (await connection.scalars(select(users.c.email))).all()
        tasks = (await connection.scalars(select(outbox.c.id))).all()
    return sorted(emails), len(tasks)


async def test_answers_a_repetition_with_the_same_user_and_stores_no_other(
    client: httpx.AsyncClient, container: Container
) -> None:
    first = await sign_up(client, ADA)
    again = await sign_up(client, ADA)
    quoted = await sign_up(client, ADA, key=f'"{KEY}"')

    assert [answer.status_code for answer in (first, again, quoted)] == [201] * 3
    assert first.json()["data"]["user"] == again.json()["data"]["user"] == quoted.json()["data"]["user"]
    assert await stored(container) == (["ada@example.com"], 1)
    token = again.json()["data"]["token"]
    me = await client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["data"]["email"] == "ada@example.com"


async def test_opens_no_disabled_account(client: httpx.AsyncClient, container: Container) -> None:
    user_id = UUID((await sign_up(client, ADA)).json()["data"]["user"]["id"])
    async with container.database.unit_of_work() as uow:
        user: User | None = await uow.users.hold(user_id)
        assert user
        await uow.users.save(user.disable(now=container.clock().now()))
        await uow.commit()

    again = await sign_up(client, ADA)

    assert (again.status_code, again.json()["error_code"]) == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize(
    "other",
    [EVE, {**ADA, "email": "eve@example.com"}, {**ADA, "name": "Eve"}, {**ADA, "password": "wrong horse"}],
    ids=["all", "email", "name", "password"],
)
async def test_answers_422_to_another_body_with_the_same_key(
    client: httpx.AsyncClient, container: Container, other: dict[str, str]
) -> None:
    await sign_up(client, ADA)

    answer = await sign_up(client, other)

    assert (answer.status_code, answer.json()["error_code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert "token" not in answer.text
    assert await stored(container) == (["ada@example.com"], 1)


async def test_one_key_for_many_at_once_makes_one_user(
    client: httpx.AsyncClient, container: Container
) -> None:
    answers = await asyncio.gather(*(sign_up(client, ADA) for _ in range(30)))

    created = [answer for answer in answers if answer.status_code == 201]
    refused = [answer.json()["error_code"] for answer in answers if answer.status_code == 409]
    assert len(created) + len(refused) == 30
    assert len({answer.json()["data"]["user"]["id"] for answer in created}) == 1
    assert set(refused) <= {"REQUEST_IN_PROGRESS"}
    assert await stored(container) == (["ada@example.com"], 1)


async def test_answers_409_while_a_request_with_the_key_is_under_way(
    client: httpx.AsyncClient, container: Container, ada: User
) -> None:
    async with container.database.unit_of_work() as uow:
        await uow.requests.claim(KEY, ada.id)
        answer = await sign_up(client, ADA)

    assert (answer.status_code, answer.json()["error_code"]) == (409, "REQUEST_IN_PROGRESS")
    assert int(answer.headers["retry-after"]) > 0
    assert (await sign_up(client, ADA)).status_code == 201


async def test_a_refused_request_may_be_repeated_with_the_same_key(client: httpx.AsyncClient) -> None:
    await sign_up(client, EVE, key="another")

    invalid = await sign_up(client, {**ADA, "password": "short"})
    taken = await sign_up(client, {**ADA, "email": EVE["email"]})
    accepted = await sign_up(client, ADA)

    assert [answer.status_code for answer in (invalid, taken, accepted)] == [422, 409, 201]


async def test_a_key_is_free_again_when_its_user_is_gone(
    client: httpx.AsyncClient, container: Container
) -> None:
    await sign_up(client, ADA)
    async with container.database.engine().begin() as connection:
        await connection.execute(delete(users))

    answer = await sign_up(client, EVE)

    assert answer.status_code == 201


async def test_stores_neither_the_key_nor_anything_of_the_body(
    client: httpx.AsyncClient, container: Container
) -> None:
    answer = await sign_up(client, ADA, key="ada@example.com")

    async with container.database.engine().connect() as connection:
        row = (await connection.execute(select(idempotent_requests))).one()
    assert str(row.user_id) == answer.json()["data"]["user"]["id"]
    assert len(row.key_hash) == 32
    assert set(row._fields) == {"key_hash", "user_id", "created_at"}


@pytest.mark.parametrize("key", ["", '""', '"open', "a b", "x" * 256, 'in"side', "back\\slash", "tab\tbed"])
async def test_answers_400_to_a_malformed_key(
    client: httpx.AsyncClient, container: Container, key: str
) -> None:
    answer = await sign_up(client, ADA, key=key)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert await stored(container) == ([], 0)


async def test_answers_400_to_two_keys(client: httpx.AsyncClient) -> None:
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]

    answer = await client.post("/api/v1/auth/register", json=ADA, headers=headers)

    assert answer.status_code == 400
