"""Every value that a browser sends to the dashboard, on all of its routes, as an attacker would choose it.

The attacker is an admin: nobody gets further.
"""

import base64
import json
from collections.abc import Mapping
from itertools import product
from urllib.parse import quote, urlencode

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.ports.tasks import TaskState
from tests.integration.http.dashboard.test_workers_page import register
from tests.support.accounts import Account
from tests.support.dashboard_map import DashboardMap, PageReader, dashboard_routes, explore
from tests.support.outbox_rows import store_due
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import PREFIX

pytestmark = pytest.mark.anyio

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LONG, LONGEST_QUERY = 5_000, 50_000
INVISIBLE = set("\0\x1b\u202e\u2066")
SCRIPT = "\"'><script>alert(1)</script>"


def as_cursor(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


CURSORS = [
    as_cursor(["1", "\0"]),
    as_cursor(["1", "\ud800"]),
    as_cursor(["inf", "x"]),
    as_cursor(["-" + "9" * 17, ""]),
    as_cursor(["9" * 400, "x"]),
    as_cursor(["1"]),
    as_cursor([1, None]),
    as_cursor({}),
    as_cursor("x" * 2_000),
    f"active.{as_cursor(['1', 'x'])}",
    f"{as_cursor(['1', 'x'])}.{as_cursor(['nan', 'x'])}",
]
TEXTS = [
    "",
    "\0",
    "a\0b",
    "\ud800",
    "\u202egnp.exe\u2066",
    "\ufffe\uffff\U0010ffff",
    "x" * LONG,
    SCRIPT,
    "\r\nSet-Cookie: a=b",
    "' OR '1'='1",
    "%00%ff%2e%2e",
    "../../etc/passwd",
    "//evil.example",
    "-1",
    "²",
    "9" * LONG,
    "NaN",
    "1e400",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-14:00",
]
# These break programs most often.
WORST = ["\0", "\ud800", "x" * LONG, SCRIPT, "²", "1e400", "0001-01-01T00:00:00+14:00"]


@pytest.fixture
async def found(
    client: httpx.AsyncClient,
    container: Container,
    admin: Account,
    desk: Desk,
    announced: None,  # noqa: ARG001 - a fixture
) -> DashboardMap:
    """The dashboard of a system that has something of everything."""
    await store_due(container, "stored")
    for state in (TaskState.PENDING, TaskState.RETRY, TaskState.ARCHIVED, TaskState.SCHEDULED):
        desk.add(f"id-{state}", state, name="email:welcome", payload={"a": 1}, error="ValueError: no")
    register(desk, "worker", quiet=0)
    desk.engine.client.sadd(f"{PREFIX}:queues", "empty", "paused")
    await container.inspection().tasks().pause("paused")
    return await explore(client, admin.headers, dashboard_routes(container))


def encoded(values: Mapping[str, str]) -> str:
    return urlencode(values, errors="surrogatepass")


def check(answer: httpx.Response, where: str) -> None:
    assert answer.status_code < 500, where
    assert "default-src 'none'" in answer.headers["content-security-policy"], where
    if answer.has_redirect_location:
        assert answer.headers["location"].startswith("/dashboard"), where
    elif answer.headers["content-type"].startswith("text/html"):
        assert "<script>alert" not in answer.text, where
        assert not set(PageReader(answer.text).text) & INVISIBLE, where


async def test_the_pages_lead_to_every_route(found: DashboardMap) -> None:
    """Else the tests below send some routes less than a person can."""
    assert [str(route) for route in found.routes if str(route) not in found.addresses] == []


async def test_any_text_everywhere_is_answered(
    client: httpx.AsyncClient, admin: Account, found: DashboardMap
) -> None:
    for route, value in product(found.routes, ["\0", "\ud800", SCRIPT]):
        given = encoded(dict.fromkeys({**found.queries, **found.form_of(route)}, value))
        headers = admin.headers | FORM
        if route.method == "GET":
            given = given if len(given) < LONGEST_QUERY else encoded({"cursor": value})
            answer = await client.get(f"{found.address_of(route)}?{given}", headers=headers)
        else:
            answer = await client.post(found.address_of(route), content=given, headers=headers)
        check(answer, f"{route}: {value!a:.40}")


@pytest.mark.long
async def test_any_text_in_a_query_is_answered(
    client: httpx.AsyncClient, admin: Account, found: DashboardMap
) -> None:
    for route, value in product(found.routes, WORST):
        for name in found.queries if route.method == "GET" else ():
            url = f"{found.address_of(route)}?{encoded({name: value})}"
            check(await client.get(url, headers=admin.headers), f"{route}: {name} = {value!a:.40}")


@pytest.mark.long
async def test_any_text_in_a_form_is_answered(
    client: httpx.AsyncClient, admin: Account, found: DashboardMap
) -> None:
    for route, value in product(found.routes, WORST):
        form = found.form_of(route) if route.method == "POST" else {}
        for name in form:
            body = encoded({**form, name: value})
            answer = await client.post(found.address_of(route), content=body, headers=admin.headers | FORM)
            check(answer, f"{route}: {name} = {value!a:.40}")


@pytest.mark.long
async def test_any_cursor_of_a_list_is_answered(
    client: httpx.AsyncClient, admin: Account, found: DashboardMap
) -> None:
    for route, cursor in product(found.routes, CURSORS):
        for state in ["", "retry", "active", "waiting", "done"] if route.method == "GET" else ():
            query = encoded({"state": state, "cursor": cursor})
            answer = await client.get(f"{found.address_of(route)}?{query}", headers=admin.headers)
            check(answer, f"{route}: {query}")


@pytest.mark.long
async def test_any_text_in_a_path_is_answered(
    client: httpx.AsyncClient, admin: Account, found: DashboardMap
) -> None:
    for route, value in product(found.routes, TEXTS):
        for name in route.parameters if value else ():
            given = dict.fromkeys(route.parameters, "default") | {name: value}
            path = route.path
            for each, text in given.items():
                path = path.replace(f"{{{each}:str}}", quote(text, safe="", errors="surrogatepass"))
            body = encoded(found.form_of(route))
            answer = await client.request(route.method, path, content=body, headers=admin.headers | FORM)
            check(answer, f"{route}: {name} = {value!a:.40}")
