"""The lists of security events: of the own account, and of all accounts for administrators."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, text, update

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import security_events, users

pytestmark = pytest.mark.anyio

OWN = "/api/v1/users/me/security-events"
ALL = "/api/v1/admin/security-events"
PASSWORD = "correct horse battery"


async def sign_up(client: httpx.AsyncClient, name: str) -> tuple[UUID, dict[str, str]]:
    """Return the id and the headers of a new user."""
    body = {"email": f"{name}@example.com", "name": name, "password": PASSWORD}
    data = (await client.post("/api/v1/auth/register", json=body)).json()["data"]
    return UUID(data["user"]["id"]), {"Authorization": f"Bearer {data['token']}"}


async def give_role(container: Container, user_id: UUID, role: str) -> None:
    async with container.database.engine().begin() as connection:
        await connection.execute(update(users).where(users.c.id == user_id).values(role=role))


async def log_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> int:
    body = {"email": f"{name}@example.com", "password": password}
    return (await client.post("/api/v1/auth/login", json=body)).status_code


async def listed(client: httpx.AsyncClient, url: str, headers: dict[str, str], **query: str) -> Any:
    response = await client.get(url, headers=headers, params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def test_users_see_what_happened_to_their_own_account(client: httpx.AsyncClient) -> None:
    ada_id, ada = await sign_up(client, "ada")
    await sign_up(client, "eve")
    await log_in(client, "ada", "wrong horse battery")

    answer = await listed(client, OWN, ada)

    assert [event["name"] for event in answer["data"]] == ["auth.login_failed", "auth.registered"]
    failed = answer["data"][0]
    assert (failed["result"], failed["details"]) == ("failure", {"reason": "password"})
    assert (failed["actor_id"], failed["subject_id"]) == (None, str(ada_id))
    assert (failed["address"], failed["user_agent"]) == ("127.0.0.1", client.headers["user-agent"])
    assert answer["meta"]["pagination"] == {"per_page": 10, "next_cursor": None}


async def test_users_do_not_see_where_an_administrator_is(
    client: httpx.AsyncClient, container: Container
) -> None:
    ada_id, ada = await sign_up(client, "ada")
    admin_id, _ = await sign_up(client, "admin")
    row = {"name": "user.role_changed", "result": "success", "actor_id": admin_id, "subject_id": ada_id}
    where = {"address": "192.0.2.7", "user_agent": "browser", "request_id": "r1", "details": {}}
    async with container.database.engine().begin() as connection:
        await connection.execute(insert(security_events), {**row, **where})

    [changed, _] = (await listed(client, OWN, ada))["data"]

    assert changed["actor_id"] == str(admin_id)
    assert (changed["address"], changed["user_agent"], changed["request_id"]) == (None, None, None)


async def test_pages_follow_one_another(client: httpx.AsyncClient) -> None:
    _, ada = await sign_up(client, "ada")
    for _ in range(4):
        await log_in(client, "ada")

    pages = [await listed(client, OWN, ada, limit="2")]
    while following := pages[-1]["meta"]["pagination"]["next_cursor"]:
        pages.append(await listed(client, OWN, ada, limit="2", cursor=following))

    ids = [event["id"] for page in pages for event in page["data"]]
    assert [len(page["data"]) for page in pages] == [2, 2, 1]
    assert ids == sorted(set(ids), reverse=True)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"name": "auth.unknown"}, "name"),
        ({"result": "maybe"}, "result"),
        ({"actor": "me"}, "actor"),
        ({"subject": "' OR 1=1"}, "subject"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2030-01-01T00:00:00"}, "from"),
        ({"to": "2030-01-01T00:00:00"}, "to"),
    ],
)
async def test_a_query_that_does_not_fit_is_a_422(
    client: httpx.AsyncClient, container: Container, query: dict[str, str], field: str
) -> None:
    admin_id, admin = await sign_up(client, "admin")
    await give_role(container, admin_id, "admin")

    response = await client.get(ALL, headers=admin, params=query)

    assert response.status_code == 422
    assert response.json()["errors"].keys() == {field}


async def test_administrators_filter_the_events_of_all_accounts(
    client: httpx.AsyncClient, container: Container
) -> None:
    admin_id, admin = await sign_up(client, "admin")
    await give_role(container, admin_id, "admin")
    ada_id, _ = await sign_up(client, "ada")
    await log_in(client, "ada", "wrong horse battery")
    await log_in(client, "nobody")

    failures = await listed(client, ALL, admin, result="failure", name="auth.login_failed")
    of_ada = await listed(client, ALL, admin, subject=str(ada_id))
    by_ada = await listed(client, ALL, admin, actor=str(ada_id), **{"from": "2020-01-01T00:00:00Z"})
    before = await listed(client, ALL, admin, to="2020-01-01T00:00:00+01:00")

    assert [event["subject_id"] for event in failures["data"]] == [None, str(ada_id)]
    assert [event["name"] for event in of_ada["data"]] == ["auth.login_failed", "auth.registered"]
    assert [event["name"] for event in by_ada["data"]] == ["auth.registered"]
    assert before["data"] == []


@pytest.mark.parametrize("role", ["user", "viewer"])
async def test_others_are_denied_and_that_is_an_event(
    client: httpx.AsyncClient, container: Container, role: str
) -> None:
    ada_id, ada = await sign_up(client, "ada")
    await give_role(container, ada_id, role)

    refused = await client.get(ALL, headers=ada)

    assert refused.status_code == 403
    denied = (await listed(client, OWN, ada))["data"][0]
    assert (denied["name"], denied["result"], denied["actor_id"]) == ("auth.denied", "failure", str(ada_id))
    assert denied["details"] == {"permission": "security-events:view"}


async def test_a_user_who_is_denied_all_day_does_not_fill_the_table(
    client: httpx.AsyncClient, container: Container
) -> None:
    _, ada = await sign_up(client, "ada")

    answers = [(await client.get(ALL, headers=ada)).status_code for _ in range(30)]

    assert answers == [403] * 30
    async with container.database.engine().connect() as connection:
        count = await connection.scalar(
            text("SELECT count(*) FROM security_events WHERE name = 'auth.denied'")
        )
    # The requests may fall into two windows.
    assert count in {10, 20}
