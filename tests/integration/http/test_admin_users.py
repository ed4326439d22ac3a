"""What admins and viewers see of users, and what admins change."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import outbox, security_events
from tests.support.accounts import Account, stored_account

pytestmark = pytest.mark.anyio

USERS = "/api/v1/admin/users"
ME = "/api/v1/users/me"


@pytest.fixture
async def admin(container: Container) -> Account:
    return await stored_account(container, role=Role.ADMIN, name="Admin", email="admin@example.com")


@pytest.fixture
async def ada(container: Container) -> Account:
    return await stored_account(container, name="Ada Lovelace", email="ada@example.com")


async def events(container: Container) -> list[tuple[Any, ...]]:
    """All security events, but not the denials."""
    columns = (security_events.c.name, security_events.c.actor_id, security_events.c.subject_id)
    async with container.database.engine().connect() as connection:
        query = select(*columns).where(security_events.c.name != "auth.denied")
        rows = await connection.execute(query.order_by(security_events.c.id))
        return [tuple(row) for row in rows]


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error_code"]


async def test_shows_a_user(client: httpx.AsyncClient, admin: Account, ada: Account) -> None:
    response = await client.get(f"{USERS}/{ada.id}", headers=admin.headers)

    assert response.status_code == 200
    body = response.json()
    assert (body["success"], body["message"]) == (True, "User retrieved successfully")
    times = {"created_at": body["data"].pop("created_at"), "updated_at": body["data"].pop("updated_at")}
    assert times["created_at"] == times["updated_at"]
    assert body["data"] == {
        "id": str(ada.id),
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "role": "user",
        "is_active": True,
        "is_verified": True,
    }


async def test_lists_the_newest_users_first_ten_on_a_page(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    for number in range(10):
        await stored_account(container, name=f"user {number}")

    response = await client.get(USERS, headers=admin.headers)

    body = response.json()
    assert (response.status_code, body["message"]) == (200, "Users retrieved successfully")
    assert [user["name"] for user in body["data"]] == [f"user {number}" for number in range(9, -1, -1)]
    pagination = body["meta"]["pagination"]
    assert pagination.pop("next_cursor")
    assert pagination == {"page": 1, "per_page": 10, "total": 11, "total_pages": 2}
    assert body["meta"].keys() == {"request_id", "timestamp", "pagination"}


@pytest.mark.usefixtures("ada")
async def test_the_last_page_has_no_next(client: httpx.AsyncClient, admin: Account) -> None:
    last = (
        await client.get(USERS, params={"page": 2, "limit": 1, "sort": "name"}, headers=admin.headers)
    ).json()
    beyond = (await client.get(USERS, params={"page": 9, "limit": 1}, headers=admin.headers)).json()

    assert [user["id"] for user in last["data"]] == [str(admin.id)]
    assert last["meta"]["pagination"]["next_cursor"] is None
    assert (beyond["data"], beyond["meta"]["pagination"]["total_pages"]) == ([], 2)


async def test_pages_by_cursor(client: httpx.AsyncClient, container: Container, admin: Account) -> None:
    for number in range(5):
        await stored_account(container, name=f"user {number}")
    names: list[str] = []
    query: dict[str, Any] = {"limit": 2, "sort": "name"}

    body: dict[str, Any] = {}
    while query.get("cursor", "first"):
        body = (await client.get(USERS, params=query, headers=admin.headers)).json()
        names += [user["name"] for user in body["data"]]
        query["cursor"] = body["meta"]["pagination"]["next_cursor"]

    assert names == ["Admin", *(f"user {number}" for number in range(5))]
    assert body["meta"]["pagination"] == {"per_page": 2, "next_cursor": None}


async def test_searches_and_filters(client: httpx.AsyncClient, container: Container, admin: Account) -> None:
    await stored_account(container, name="Ada Lovelace", is_disabled=True)
    await stored_account(container, name="Ada Yonath", is_verified=False)
    await stored_account(container, name="Grace Hopper", role=Role.VIEWER)

    async def found(**query: str) -> list[str]:
        response = await client.get(USERS, params={"sort": "name", **query}, headers=admin.headers)
        assert response.json()["meta"]["pagination"]["total"] == len(response.json()["data"])
        return [user["name"] for user in response.json()["data"]]

    assert await found(q="ada") == ["Ada Lovelace", "Ada Yonath"]
    assert await found(q="ada", state="disabled") == ["Ada Lovelace"]
    assert await found(state="unverified") == ["Ada Yonath"]
    assert await found(role="viewer") == ["Grace Hopper"]
    assert await found(q="ADMIN@EXAMPLE.COM") == ["Admin"]
    assert await found(q=" ", role="admin", state="active") == ["Admin"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *(
            ({"page": value}, "page")
            for value in ("-1", "0", "10001", "1000000000", "x", "", "1.5", "9" * 40)
        ),
        *(({"limit": value}, "limit") for value in ("-1", "0", "101", "1000000000", "x", "9" * 5000)),
        *(({"cursor": value}, "cursor") for value in ("x", "e30", "' OR 1=1 --", "bnVsbA", "%00", "\0", "ü")),
        ({"page": "1001", "limit": "100"}, "page"),
        ({"sort": "password_hash"}, "sort"),
        ({"sort": "name; DROP TABLE users"}, "sort"),
        ({"role": "root"}, "role"),
        ({"state": "' OR '1'='1"}, "state"),
        *(({"q": value}, "q") for value in ("\0", "a\x1b[2J", "\u202ea", "%", "x" * 255, "a " * 11)),
        ({"page": "1", "cursor": "x"}, "page"),
    ],
)
async def test_refuses_a_query_that_means_nothing(
    client: httpx.AsyncClient, admin: Account, query: Mapping[str, str], field: str
) -> None:
    response = await client.get(USERS, params=query, headers=admin.headers)

    assert problem(response) == (422, "VALIDATION_ERROR")
    assert response.json()["errors"].keys() == {field}


@pytest.mark.usefixtures("ada")
async def test_refuses_a_cursor_of_another_order(client: httpx.AsyncClient, admin: Account) -> None:
    first = await client.get(USERS, params={"limit": 1, "sort": "name"}, headers=admin.headers)
    cursor = first.json()["meta"]["pagination"]["next_cursor"]

    response = await client.get(USERS, params={"sort": "-name", "cursor": cursor}, headers=admin.headers)

    assert problem(response) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("q", ["' OR '1'='1", "'; DROP TABLE users; --", "b:* | a", "\\' | !b"])
async def test_sql_in_a_search_is_text(
    client: httpx.AsyncClient, admin: Account, ada: Account, q: str
) -> None:
    response = await client.get(USERS, params={"q": q}, headers=admin.headers)

    assert (response.status_code, response.json()["data"]) == (200, [])
    assert (await client.get(ME, headers=ada.headers)).status_code == 200


async def test_renames_a_user(
    client: httpx.AsyncClient, container: Container, admin: Account, ada: Account
) -> None:
    response = await client.put(f"{USERS}/{ada.id}", json={"name": " Ada King"}, headers=admin.headers)

    body = response.json()
    assert (response.status_code, body["message"]) == (200, "User updated successfully")
    assert body["data"]["name"] == "Ada King"
    assert body["data"]["updated_at"] > body["data"]["created_at"]
    assert (await client.get(ME, headers=ada.headers)).json()["data"]["name"] == "Ada King"
    assert await events(container) == [("admin.user_renamed", admin.id, ada.id)]


@pytest.mark.parametrize(
    "field", ["role", "is_admin", "is_active", "email", "email_verified", "id", "created_at", "password_hash"]
)
async def test_sets_no_field_but_the_name(
    client: httpx.AsyncClient, admin: Account, ada: Account, field: str
) -> None:
    before = (await client.get(f"{USERS}/{ada.id}", headers=admin.headers)).json()["data"]

    response = await client.put(f"{USERS}/{ada.id}", json={"name": "x", field: "1"}, headers=admin.headers)

    assert response.json()["errors"] == {field: ["is unknown"]}
    assert (await client.get(f"{USERS}/{ada.id}", headers=admin.headers)).json()["data"] == before


async def test_deletes_a_user(client: httpx.AsyncClient, admin: Account, ada: Account) -> None:
    response = await client.delete(f"{USERS}/{ada.id}", headers=admin.headers)

    assert response.status_code == 200
    assert response.json().keys() == {"success", "message", "meta"}
    assert response.json()["message"] == "User deleted successfully"
    assert problem(await client.get(f"{USERS}/{ada.id}", headers=admin.headers)) == (404, "USER_NOT_FOUND")
    assert problem(await client.delete(f"{USERS}/{ada.id}", headers=admin.headers)) == (404, "USER_NOT_FOUND")
    assert problem(await client.get(ME, headers=ada.headers)) == (401, "INVALID_TOKEN")


async def test_a_disabled_user_is_out_at_once_until_they_are_enabled(
    client: httpx.AsyncClient, container: Container, admin: Account, ada: Account
) -> None:
    disabled = await client.post(f"{USERS}/{ada.id}/deactivate", headers=admin.headers)
    again = await client.post(f"{USERS}/{ada.id}/deactivate", headers=admin.headers)

    assert (disabled.status_code, disabled.json()["message"]) == (200, "User deactivated successfully")
    assert disabled.json()["data"]["is_active"] is False
    assert again.json()["data"] == disabled.json()["data"]
    assert problem(await client.get(ME, headers=ada.headers)) == (401, "INVALID_TOKEN")

    enabled = await client.post(f"{USERS}/{ada.id}/activate", headers=admin.headers)

    assert (enabled.status_code, enabled.json()["message"]) == (200, "User activated successfully")
    assert enabled.json()["data"]["is_active"] is True
    # The session stays ended.
    assert problem(await client.get(ME, headers=ada.headers)) == (401, "INVALID_TOKEN")
    assert await events(container) == [
        ("admin.user_disabled", admin.id, ada.id),
        ("admin.user_enabled", admin.id, ada.id),
    ]


async def test_another_role_counts_at_the_next_request(
    client: httpx.AsyncClient, container: Container, admin: Account, ada: Account
) -> None:
    assert problem(await client.get(USERS, headers=ada.headers)) == (403, "NOT_PERMITTED")

    promoted = await client.post(f"{USERS}/{ada.id}/role", json={"role": "viewer"}, headers=admin.headers)

    assert (promoted.status_code, promoted.json()["data"]["role"]) == (200, "viewer")
    assert (await client.get(USERS, headers=ada.headers)).status_code == 200

    await client.post(f"{USERS}/{ada.id}/role", json={"role": "user"}, headers=admin.headers)

    assert problem(await client.get(USERS, headers=ada.headers)) == (403, "NOT_PERMITTED")
    assert [name for name, *_ in await events(container)] == ["admin.role_changed"] * 2


@pytest.mark.parametrize(
    "body", [{"role": "root"}, {"role": None}, {"role": ["admin"]}, {}, {"role": "ADMIN"}]
)
async def test_refuses_a_role_that_does_not_exist(
    client: httpx.AsyncClient, admin: Account, ada: Account, body: object
) -> None:
    response = await client.post(f"{USERS}/{ada.id}/role", json=body, headers=admin.headers)

    assert problem(response) == (422, "VALIDATION_ERROR")


async def test_revokes_the_sessions_of_a_user(
    client: httpx.AsyncClient, container: Container, admin: Account, ada: Account
) -> None:
    response = await client.post(f"{USERS}/{ada.id}/sessions/revoke", headers=admin.headers)

    assert (response.status_code, response.json()["data"]) == (200, {"revoked": 1})
    assert problem(await client.get(ME, headers=ada.headers)) == (401, "INVALID_TOKEN")
    assert await events(container) == [("admin.sessions_revoked", admin.id, ada.id)]


async def test_starts_the_reset_of_a_password_and_shows_nothing_of_it(
    client: httpx.AsyncClient, container: Container, admin: Account, ada: Account
) -> None:
    response = await client.post(f"{USERS}/{ada.id}/password-reset", headers=admin.headers)

    assert (response.status_code, response.json()["message"]) == (202, "Password reset started")
    assert response.json().keys() == {"success", "message", "meta"}
    assert await events(container) == [("admin.password_reset_started", admin.id, ada.id)]
    async with container.database.engine().connect() as connection:
        [row] = (await connection.execute(select(outbox))).all()
    assert (row.task_name, row.payload) == ("email:password-reset", {"email": "ada@example.com"})
    assert "deadline" in row.options
    assert (await client.get(ME, headers=ada.headers)).status_code == 200


async def test_a_disabled_user_gets_no_mail_for_a_new_password(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    disabled = await stored_account(container, is_disabled=True)

    response = await client.post(f"{USERS}/{disabled.id}/password-reset", headers=admin.headers)

    assert problem(response) == (409, "USER_DISABLED")


@pytest.mark.parametrize(
    ("method", "action", "body"),
    [
        ("DELETE", "", None),
        ("POST", "/deactivate", None),
        ("POST", "/role", {"role": "user"}),
        ("POST", "/role", {"role": "admin"}),
    ],
)
async def test_admins_cannot_lock_themselves_out(
    client: httpx.AsyncClient, container: Container, admin: Account, method: str, action: str, body: object
) -> None:
    await stored_account(container, role=Role.ADMIN)

    response = await client.request(method, f"{USERS}/{admin.id}{action}", json=body, headers=admin.headers)

    assert problem(response) == (409, "OWN_ACCOUNT")
    assert (await client.get(USERS, headers=admin.headers)).status_code == 200


ACTIONS = [
    ("GET", "", None),
    ("PUT", "", {"name": "x"}),
    ("DELETE", "", None),
    ("POST", "/activate", None),
    ("POST", "/deactivate", None),
    ("POST", "/role", {"role": "admin"}),
    ("POST", "/sessions/revoke", None),
    ("POST", "/password-reset", None),
]


@pytest.mark.parametrize(("method", "action", "body"), ACTIONS)
async def test_an_id_of_nobody_is_not_found_whatever_it_looks_like(
    client: httpx.AsyncClient, admin: Account, method: str, action: str, body: object
) -> None:
    answers = []
    for user_id in (uuid4(), "x", "0", "urn:uuid:" + str(uuid4()), uuid4().hex, f"{{{uuid4()}}}", "%00", "ü"):
        response = await client.request(
            method, f"{USERS}/{user_id}{action}", json=body, headers=admin.headers
        )
        problem_body = response.json()
        answers.append((response.status_code, problem_body["error_code"], problem_body["detail"]))

    assert set(answers) == {(404, "USER_NOT_FOUND", "There is no such user")}


async def test_the_case_of_an_id_does_not_matter(
    client: httpx.AsyncClient, admin: Account, ada: Account
) -> None:
    response = await client.get(f"{USERS}/{str(ada.id).upper()}", headers=admin.headers)

    assert response.json()["data"]["id"] == str(ada.id)


@pytest.mark.parametrize(("method", "action", "body"), ACTIONS)
async def test_users_see_and_change_nobody_not_even_themselves(
    client: httpx.AsyncClient, ada: Account, method: str, action: str, body: object
) -> None:
    answers = set()
    for user_id in (ada.id, uuid4(), "x"):
        response = await client.request(method, f"{USERS}/{user_id}{action}", json=body, headers=ada.headers)
        answers.add(problem(response))

    assert answers == {(403, "NOT_PERMITTED")}


@pytest.mark.parametrize(("method", "action", "body"), ACTIONS[1:])
async def test_viewers_change_nothing(
    client: httpx.AsyncClient, container: Container, ada: Account, method: str, action: str, body: object
) -> None:
    viewer = await stored_account(container, role=Role.VIEWER)

    response = await client.request(method, f"{USERS}/{ada.id}{action}", json=body, headers=viewer.headers)

    assert problem(response) == (403, "NOT_PERMITTED")
    assert (await client.get(f"{USERS}/{ada.id}", headers=viewer.headers)).status_code == 200
    assert await events(container) == []


async def test_an_admin_who_is_disabled_can_do_nothing_from_then_on(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    other = await stored_account(container, role=Role.ADMIN)
    await client.post(f"{USERS}/{other.id}/deactivate", headers=admin.headers)

    assert problem(await client.get(USERS, headers=other.headers)) == (401, "INVALID_TOKEN")
    response = await client.post(f"{USERS}/{admin.id}/deactivate", headers=other.headers)
    assert problem(response) == (401, "INVALID_TOKEN")
