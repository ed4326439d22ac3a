"""The audit page, its filters and its files, and that actions of the dashboard are in it."""

import csv
import io
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import httpx
import pytest
from dependency_injector import providers
from sqlalchemy import insert, text

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.database.tables import security_events
from internal.ports.security_event_log import EventFilter
from tests.fakes.audit_trail import FakeAuditTrail
from tests.support.accounts import Account, stored_account
from tests.support.audits import ADA

pytestmark = pytest.mark.anyio

PAGE = "/dashboard/audit"
ON_TASKS = EventFilter(only_on_tasks=True)


@pytest.fixture
async def admin(container: Container) -> Account:
    return await stored_account(container, role=Role.ADMIN, email="root@example.com")


async def record(container: Container, name: str, *, number: int = 0, **values: Any) -> None:
    row = {"name": name, "result": "success", "details": {"outcome": "done"}, "operator": ADA}
    at = text(f"now() - interval '1 hour' + interval '{number} seconds'")
    async with container.database.engine().begin() as connection:
        await connection.execute(insert(security_events).values(occurred_at=at, **{**row, **values}))


async def shown(client: httpx.AsyncClient, admin: Account, **query: str) -> str:
    answer = await client.get(PAGE, params=query, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    return answer.text


async def exported(client: httpx.AsyncClient, admin: Account, **query: str) -> list[dict[str, str]]:
    answer = await client.get(f"{PAGE}/export.csv", params=query, headers=admin.headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_says_who_did_what_to_which_tasks_from_where_and_with_which_result(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    details = {
        "queue": "low",
        "tasks": "2",
        "ids": "one two",
        "done": "1",
        "refused": "1",
        "refused_ids": "two",
        "outcome": "done",
    }
    await record(
        container, "tasks.delete", actor_id=admin.id, operator=None, address="192.0.2.7", details=details
    )
    await record(container, "tasks.pause_queue", number=1, details={"queue": "low", "outcome": "unfinished"})
    await record(container, "auth.logged_in", number=2)

    page = await shown(client, admin)

    for part in ("root@example.com", "delete", "low", "one", "two", "192.0.2.7", "1 done, 1 refused"):
        assert part in page
    assert page.index("cli:ada@desk") < page.index("1 done, 1 refused")
    assert "no result" in page
    assert "auth.logged_in" not in page


async def test_the_link_is_there_for_admins_alone(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    viewer = await stored_account(container, role=Role.VIEWER)

    pages = [(await client.get("/dashboard", headers=one.headers)).text for one in (admin, viewer)]

    assert [f'href="{PAGE}"' in page for page in pages] == [True, False]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["tasks.run", "tasks.pause_queue", "tasks.delete"]),
        ({"actor": "root@example.com"}, ["tasks.delete"]),
        ({"actor": "cli:ada@desk"}, ["tasks.run", "tasks.pause_queue"]),
        ({"action": "pause-queue"}, ["tasks.pause_queue"]),
        ({"action": "pause-queue", "actor": "root@example.com"}, []),
        ({"from": "2000-01-01T00:00", "to": "2000-01-02T00:00"}, []),
        (
            {"from": "2000-01-01T00:00", "actor": " ", "to": "", "action": ""},
            ["tasks.run", "tasks.pause_queue", "tasks.delete"],
        ),
    ],
)
async def test_filters_the_page_and_the_file(
    client: httpx.AsyncClient,
    container: Container,
    admin: Account,
    query: Mapping[str, str],
    names: list[str],
) -> None:
    await record(container, "tasks.delete", actor_id=admin.id, operator=None)
    await record(container, "tasks.pause_queue", number=1)
    await record(container, "tasks.run", number=2)

    page = await shown(client, admin, **query)
    rows = await exported(client, admin, **query)

    assert [row["action"] for row in rows] == names
    assert page.count('<td class="name">') == len(names)


@pytest.mark.parametrize(
    "query",
    [
        {"actor": "nobody@example.com"},
        {"actor": "ada"},
        {"actor": "cli:\x00"},
        {"actor": "cli:" + "x" * 1000},
        {"action": "auth.logged_in"},
        {"from": "tomorrow"},
        {"to": "0001-01-01T00:00+23:59"},
        {"cursor": "x"},
    ],
)
async def test_a_filter_that_means_nothing_is_a_page_with_422(
    client: httpx.AsyncClient, admin: Account, query: Mapping[str, str]
) -> None:
    answers = [
        await client.get(path, params=query, headers=admin.headers) for path in (PAGE, f"{PAGE}/export.csv")
    ]

    # A file begins with the newest action, whatever the page.
    assert answers[0].status_code == 422
    assert answers[1].status_code == (200 if "cursor" in query else 422)


async def test_pages_follow_one_another_and_a_file_has_all_of_them(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    for number in range(120):
        await record(container, "tasks.run", number=number, details={"ids": f"id-{number:03}", "tasks": "1"})

    seen: list[int] = []
    address = f"{PAGE}?action=run"
    while address:
        page = (await client.get(address, headers=admin.headers)).text
        seen.append(page.count('<td class="name">'))
        older = re.search(r'href="([^"]+)">Older', page)
        address = unescape(older[1]) if older else ""
    rows = await exported(client, admin)
    answer = await client.get(f"{PAGE}/export.json", headers=admin.headers)

    assert seen == [50, 50, 20]
    assert len({row["id"] for row in rows}) == 120
    assert [str(entry["id"]) for entry in answer.json()] == [row["id"] for row in rows]
    assert answer.json()[0]["details"] == {"ids": "id-119", "tasks": "1"}


async def test_an_empty_file_is_a_file(client: httpx.AsyncClient, admin: Account) -> None:
    assert await exported(client, admin) == []
    assert (await client.get(f"{PAGE}/export.json", headers=admin.headers)).json() == []


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
async def test_no_cell_of_a_file_is_a_formula(
    client: httpx.AsyncClient, container: Container, admin: Account, cell: str
) -> None:
    await record(container, "tasks.run", user_agent=cell, operator=cell)

    [row] = await exported(client, admin)

    assert row["user_agent"] == row["operator"] == f"'{cell}"


async def test_hostile_texts_show_as_text(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    hostile = "<script>alert(1)</script>"
    details = {"queue": hostile, "ids": hostile, "tasks": "many", "refused_ids": hostile, hostile: hostile}
    await record(container, "tasks." + hostile, operator=hostile, user_agent=hostile, details=details)

    page = await shown(client, admin)

    assert hostile not in page
    assert "&lt;script&gt;" in page


async def test_an_action_of_a_newer_version_is_listed(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    await record(container, "tasks.of_a_newer_version", details={"subject": "moon"})

    page = await shown(client, admin)

    assert "of a newer version" in page
    assert "moon" in page


async def test_an_action_is_recorded_under_the_viewer_with_the_address_and_the_request(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    headers = {**admin.headers, "X-Request-ID": "request-7", "User-Agent": "Firefox"}

    answer = await client.post("/dashboard/queues/none/pause", headers=headers, data={"back": ""})

    [event] = (await container.database.security_event_log().page(ON_TASKS, size=10)).events
    assert (answer.status_code, event.name, event.result) == (404, "tasks.pause_queue", "failure")
    assert event.details == {"queue": "none", "outcome": "QUEUE_NOT_FOUND"}
    assert (event.actor_id, event.operator) == (admin.id, None)
    assert (event.caller.request_id, event.caller.user_agent) == ("request-7", "Firefox")
    assert event.caller.address == "127.0.0.1"


async def test_without_a_record_nothing_is_done(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    away = FakeAuditTrail(is_away=True)

    with container.database.audit_trail.override(providers.Object(away)):
        answer = await client.post("/dashboard/queues/none/pause", headers=admin.headers, data={"back": ""})

    # Else it would be a 404.
    assert answer.status_code == 503
