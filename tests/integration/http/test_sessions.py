"""The life of a session over HTTP, on real Postgres."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from internal.domain.email_address import EmailAddress
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import security_events, sessions

pytestmark = pytest.mark.anyio

AUTH, SESSIONS = "/api/v1/auth", "/api/v1/users/me/sessions"
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse"}


async def sign_up(client: httpx.AsyncClient) -> dict[str, Any]:
    return data_of(await client.post(f"{AUTH}/register", json=ADA))


async def log_in(client: httpx.AsyncClient, **headers: str) -> dict[str, Any]:
    body = {"email": ADA["email"], "password": ADA["password"]}
    return data_of(await client.post(f"{AUTH}/login", json=body, headers=headers))


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post(f"{AUTH}/refresh", json={"refresh_token": token})


async def status_of_me(client: httpx.AsyncClient, tokens: dict[str, Any]) -> int:
    return (await client.get("/api/v1/users/me", headers=bearer(tokens))).status_code


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['token']}"}


def data_of(response: httpx.Response) -> dict[str, Any]:
    assert response.is_success, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def test_a_sign_up_and_a_log_in_answer_with_both_tokens(client: httpx.AsyncClient) -> None:
    for tokens in (await sign_up(client), await log_in(client)):
        assert tokens.keys() == {"token", "refresh_token", "expires_in", "user"}
        assert tokens["expires_in"] == 900
        assert await status_of_me(client, tokens) == 200


async def test_a_refreshed_session_goes_on(client: httpx.AsyncClient) -> None:
    tokens = await sign_up(client)
    for _ in range(3):
        refreshed = data_of(await refresh(client, tokens["refresh_token"]))
        assert refreshed["user"] == tokens["user"]
        assert await status_of_me(client, refreshed) == 200
        assert await status_of_me(client, tokens) == 200  # until it expires
        tokens = refreshed


async def test_of_fifty_parallel_refreshes_one_rotates_and_all_get_the_successor(
    client: httpx.AsyncClient, container: Container
) -> None:
    tokens = await sign_up(client)
    before = await stored_digest(container)

    responses = await asyncio.gather(*(refresh(client, tokens["refresh_token"]) for _ in range(50)))

    served = [data_of(response) for response in responses if response.status_code == 200]
    assert {response.status_code for response in responses} <= {200, 503}
    assert len({each["refresh_token"] for each in served}) == 1
    current, previous = await stored_digests(container)
    assert previous == before != current
    data_of(await refresh(client, served[0]["refresh_token"]))


async def stored_digests(container: Container) -> tuple[bytes, bytes]:
    async with container.database.engine().connect() as connection:
        query = select(sessions.c.token_digest, sessions.c.previous_digest)
        row = (await connection.execute(query)).one()
        return row.token_digest, row.previous_digest


async def stored_digest(container: Container) -> bytes:
    return (await stored_digests(container))[0]


async def test_an_old_refresh_token_ends_the_session_everywhere(
    client: httpx.AsyncClient, container: Container
) -> None:
    tokens = await sign_up(client)
    second = data_of(await refresh(client, tokens["refresh_token"]))
    third = data_of(await refresh(client, second["refresh_token"]))

    reused = await refresh(client, tokens["refresh_token"])

    assert (reused.status_code, reused.json()["error_code"]) == (401, "INVALID_REFRESH_TOKEN")
    assert (await refresh(client, third["refresh_token"])).status_code == 401
    assert await status_of_me(client, third) == 401
    async with container.database.engine().connect() as connection:
        names = (await connection.scalars(select(security_events.c.name).order_by("id"))).all()
    assert names == ["auth.registered", "auth.refresh_reused"]


@pytest.mark.parametrize("token", ["", "x", "A" * 86, "A" * 100_000, "\u00e9" * 86, "..", "null"])
async def test_a_forged_refresh_token_is_always_the_same_problem(
    client: httpx.AsyncClient, token: str
) -> None:
    tokens = await sign_up(client)

    for response in (
        await refresh(client, token),
        await client.post(f"{AUTH}/logout", json={"refresh_token": token}),
    ):
        if len(token) > 64 * 1024:
            assert response.status_code == 413
        else:
            assert (response.status_code, response.json()["error_code"]) == (401, "INVALID_REFRESH_TOKEN")

    assert await status_of_me(client, tokens) == 200


async def test_logging_out_ends_one_session_at_once(client: httpx.AsyncClient) -> None:
    ended, other = await sign_up(client), await log_in(client)

    for _ in range(2):
        response = await client.post(f"{AUTH}/logout", json={"refresh_token": ended["refresh_token"]})
        assert response.status_code == 200

    assert await status_of_me(client, ended) == 401
    assert (await refresh(client, ended["refresh_token"])).status_code == 401
    assert await status_of_me(client, other) == 200


async def test_users_see_their_sessions_and_end_one(client: httpx.AsyncClient) -> None:
    phone = await sign_up(client)
    laptop = await log_in(client, **{"User-Agent": "Laptop"})

    listed = (await client.get(SESSIONS, headers=bearer(laptop))).json()["data"]
    assert [(each["current"], each["user_agent"]) for each in listed] == [
        (True, "Laptop"),
        (False, f"python-httpx/{httpx.__version__}"),
    ]
    assert listed[0]["address"] == "127.0.0.1"
    ended = await client.delete(f"{SESSIONS}/{listed[1]['id']}", headers=bearer(laptop))

    assert ended.status_code == 200
    assert await status_of_me(client, phone) == 401
    assert await status_of_me(client, laptop) == 200
    again = await client.delete(f"{SESSIONS}/{listed[1]['id']}", headers=bearer(laptop))
    assert (again.status_code, again.json()["error_code"]) == (404, "SESSION_NOT_FOUND")


async def test_nobody_ends_a_session_of_another_user(client: httpx.AsyncClient) -> None:
    ada = await sign_up(client)
    [session] = (await client.get(SESSIONS, headers=bearer(ada))).json()["data"]
    eve = data_of(await client.post(f"{AUTH}/register", json=ADA | {"email": "eve@example.com"}))

    response = await client.delete(f"{SESSIONS}/{session['id']}", headers=bearer(eve))

    assert (response.status_code, response.json()["error_code"]) == (404, "SESSION_NOT_FOUND")
    assert await status_of_me(client, ada) == 200


async def test_users_end_all_their_sessions(client: httpx.AsyncClient) -> None:
    phone, laptop = await sign_up(client), await log_in(client)

    response = await client.delete(SESSIONS, headers=bearer(laptop))

    assert response.status_code == 200
    assert [await status_of_me(client, tokens) for tokens in (phone, laptop)] == [401, 401]
    assert await status_of_me(client, await log_in(client)) == 200


async def test_a_log_in_during_a_password_change_opens_nothing_that_outlives_it(
    client: httpx.AsyncClient, container: Container
) -> None:
    """The session of the old password waits for the change, and then is refused."""
    tokens = await sign_up(client)
    async with container.database.unit_of_work() as uow:
        user = await uow.users.get_by_email(EmailAddress(ADA["email"]))
        assert user is not None
        await uow.users.save(user.change_password("another", now=user.updated_at))
        waiting = asyncio.create_task(
            client.post(f"{AUTH}/login", json={k: ADA[k] for k in ("email", "password")})
        )
        await asyncio.sleep(0.5)
        await uow.sessions.end_all(user.id)
        await uow.commit()

    assert (await waiting).status_code == 401
    assert await status_of_me(client, tokens) == 401
