import asyncio

import httpx
import pytest
from sqlalchemy import func, select

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox, users

pytestmark = pytest.mark.anyio

ADA = {"email": "Ada@Example.com", "name": "Ada Lovelace", "password": "correct horse"}


async def count(container: Container, table: str) -> int:
    tables = {"users": users, "outbox": outbox}
    async with container.database.engine().connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(tables[table])) or 0)


async def test_answers_with_a_token_and_the_user_in_the_envelope(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/auth/register", json=ADA)

    assert response.status_code == 201
    body = response.json()
    assert body["success"] is True
    assert body["message"] == "User registered successfully"
    assert body["meta"]["request_id"] == response.headers["x-request-id"]
    assert body["data"]["user"].keys() == {"id", "email", "name", "created_at", "updated_at"}
    assert body["data"]["user"]["email"] == "ada@example.com"
    assert body["data"]["token"].count(".") == 2


async def test_stores_the_user_and_the_welcome_task_together(
    client: httpx.AsyncClient, container: Container
) -> None:
    response = await client.post("/api/v1/auth/register", json=ADA)

    async with container.database.engine().connect() as connection:
        row = (await connection.execute(select(outbox))).one()
    assert row.task_name == "email:welcome"
    assert row.payload == {"user_id": response.json()["data"]["user"]["id"]}


async def test_refuses_an_address_that_is_taken_whatever_its_case(
    client: httpx.AsyncClient, container: Container
) -> None:
    await client.post("/api/v1/auth/register", json=ADA)

    response = await client.post("/api/v1/auth/register", json={**ADA, "email": "ADA@EXAMPLE.COM"})

    assert response.status_code == 409
    assert response.json()["error_code"] == "EMAIL_ALREADY_REGISTERED"
    assert await count(container, "users") == await count(container, "outbox") == 1


async def test_lets_one_of_fifty_simultaneous_sign_ups_with_one_address_pass(
    client: httpx.AsyncClient, container: Container
) -> None:
    responses = await asyncio.gather(
        *(client.post("/api/v1/auth/register", json=ADA, timeout=30) for _ in range(50))
    )

    statuses = [response.status_code for response in responses]
    assert (statuses.count(201), statuses.count(409)) == (1, 49)
    assert await count(container, "users") == await count(container, "outbox") == 1


async def test_names_every_field_that_cannot_be_accepted(
    client: httpx.AsyncClient, container: Container
) -> None:
    response = await client.post(
        "/api/v1/auth/register",
        json={"email": "ada@", "name": "A\r\nBcc: eve@example.com", "password": "short"},
    )

    assert response.status_code == 422
    assert response.json()["error_code"] == "VALIDATION_ERROR"
    assert response.json()["errors"].keys() == {"email", "name", "password"}
    assert await count(container, "users") == 0


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("P@ssw0rd", "PASSWORD_TOO_COMMON"),
        ("acme2026", "PASSWORD_TOO_COMMON"),
        ("Lovelace2026", "PASSWORD_TOO_PERSONAL"),
        ("PyHexaClean1", "PASSWORD_TOO_PERSONAL"),
    ],
)
async def test_refuses_a_password_that_is_easy_to_guess(
    client: httpx.AsyncClient, container: Container, password: str, code: str
) -> None:
    response = await client.post("/api/v1/auth/register", json={**ADA, "password": password})

    assert response.status_code == 422
    assert response.json()["error_code"] == code
    assert response.json()["errors"].keys() == {"password"}
    assert await count(container, "users") == await count(container, "outbox") == 0


async def test_names_a_common_password_beside_an_invalid_address(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/api/v1/auth/register", json={**ADA, "email": "ada@", "password": "password"}
    )

    assert response.json()["error_code"] == "VALIDATION_ERROR"
    assert response.json()["errors"].keys() == {"email", "password"}


@pytest.mark.parametrize("extra", ["id", "is_admin", "role", "email_verified", "password_hash"])
async def test_refuses_a_field_that_is_not_the_callers_to_set(client: httpx.AsyncClient, extra: str) -> None:
    response = await client.post("/api/v1/auth/register", json={**ADA, extra: "x"})

    assert response.status_code == 422


@pytest.mark.parametrize(
    "password",
    [
        *(
            "kx7#mQ2p",
            " kx7#mQ2p ",
            "kx7#\x00mQ2p",
            "12345\n12345\nhorse",
            "\u00e9\u00df\u4e2d\U0001f642\u0939\u093f\u0928\u094d",
        ),
        *("correct horse battery staple " * 2 + "horses", "p\u00e4ssw\u00f6rd " * 14 + "ab"),
    ],
    ids=["shortest", "spaces around", "NUL", "line breaks", "scripts", "64 characters", "longest"],
)
async def test_keeps_a_password_whole(client: httpx.AsyncClient, password: str) -> None:
    await client.post("/api/v1/auth/register", json={**ADA, "password": password})

    tried = [password, password[:-1], password[1:], password.strip() + " ", password + "a"]
    statuses = [
        (await client.post("/api/v1/auth/login", json={"email": ADA["email"], "password": each})).status_code
        for each in tried
    ]

    assert statuses == [200, 401, 401, 401, 401]


@pytest.mark.parametrize(
    ("password", "status"),
    [("", 422), ("x", 422), ("kx7#mQ2", 422), ("kx7#mQ2p" * 16 + "x", 422), ("x" * 10**6, 413)],
)
async def test_refuses_a_password_of_the_wrong_length(
    client: httpx.AsyncClient, password: str, status: int
) -> None:
    response = await client.post("/api/v1/auth/register", json={**ADA, "password": password})

    assert response.status_code == status


@pytest.mark.parametrize("name", ["\u674e", "\U0001f469\u200d\U0001f680", "Z" + "\u0334" * 399], ids=ascii)
async def test_stores_names_of_one_character_and_of_400_code_points(
    client: httpx.AsyncClient, name: str
) -> None:
    signed_up = await client.post("/api/v1/auth/register", json={**ADA, "name": name})

    assert signed_up.status_code == 201
    token = signed_up.json()["data"]["token"]
    me = await client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["data"]["name"] == name
