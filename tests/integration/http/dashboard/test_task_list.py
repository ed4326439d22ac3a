"""The list of tasks as a browser without scripts gets it."""

import re
from html import unescape

import httpx
import pytest

from internal.ports.tasks import TaskState
from tests.support.accounts import Account
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import PREFIX

pytestmark = pytest.mark.anyio

LIST = "/dashboard/tasks"
# Times a time in milliseconds, one that is some hours earlier.
HOURS_AGO = 1 - 1e-5
_ROW = re.compile(r'<span class="mono muted">([^<]+)</span></a>')
_NEXT = re.compile(r'href="([^"]+)">(?:Next|Look)')


def ids_in(page: httpx.Response) -> list[str]:
    return _ROW.findall(page.text)


def next_of(page: httpx.Response) -> str:
    [address] = _NEXT.findall(page.text)
    return unescape(address)


async def test_pages_show_every_task_once(client: httpx.AsyncClient, viewer: Account, desk: Desk) -> None:
    desk.add_many(70)

    first = await client.get(f"{LIST}?state=pending&order=oldest", headers=viewer.headers)
    second = await client.get(next_of(first), headers=viewer.headers)
    third = await client.get(next_of(second), headers=viewer.headers)

    assert [*ids_in(first), *ids_in(second), *ids_in(third)] == [f"{number:04}" for number in range(70)]
    assert len(ids_in(second)) == 30
    assert _NEXT.findall(third.text) == []


async def test_a_filtered_page_says_how_far_it_has_looked(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    desk.add("sought", name="rare")
    desk.add_many(1100)

    first = await client.get(f"{LIST}?state=pending&name=rare", headers=viewer.headers)
    second = await client.get(next_of(first), headers=viewer.headers)

    assert "At least 0 match; looked at 1,000 of 1,101 tasks." in first.text
    assert "1 matches; all 1,101 tasks were looked at." in second.text
    assert ids_in(second) == ["sought"]


async def test_filters_by_error_and_by_payload(client: httpx.AsyncClient, admin: Account, desk: Desk) -> None:
    desk.add("1", TaskState.RETRY, payload={"to": "ada"}, error="timed out")
    desk.add("2", TaskState.RETRY, payload={"to": "bob"}, error="timed out")
    desk.add("3", TaskState.RETRY, payload={"to": "ada"}, error="refused")

    page = await client.get(f"{LIST}?error=TIMED&payload=ada", headers=admin.headers)

    assert ids_in(page) == ["1"]


async def test_filters_by_time(client: httpx.AsyncClient, viewer: Account, desk: Desk) -> None:
    desk.add("1", TaskState.ARCHIVED, error="timed out")

    recent = await client.get(f"{LIST}?state=archived&last=1h", headers=viewer.headers)
    older = await client.get(f"{LIST}?until=2001-01-01T00:00", headers=viewer.headers)

    assert (ids_in(recent), ids_in(older)) == (["1"], [])
    assert "In the <b>last hour</b>" in recent.text
    assert "Before <b>2001-01-01 00:00</b>" in older.text


async def test_a_list_of_the_last_hour_ends_at_the_first_older_failure(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    desk.add_many(1500, TaskState.SCHEDULED)
    queue = f"{PREFIX}:default"
    desk.engine.client.zunionstore(f"{queue}:archived", {f"{queue}:scheduled": HOURS_AGO})
    desk.engine.client.delete(f"{queue}:scheduled")
    desk.add("new", TaskState.ARCHIVED)

    page = await client.get(f"{LIST}?state=archived&last=1h", headers=viewer.headers)

    assert "1 matches; 250 of 1,501 tasks looked at. The others are too old." in page.text
    assert _NEXT.findall(page.text) == []


async def test_a_viewer_cannot_search_payloads(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    """The answers would tell what is in them."""
    desk.add("1", payload={"to": "ada"})

    page = await client.get(f"{LIST}?payload=bob", headers=viewer.headers)

    assert ids_in(page) == ["1"]
    assert "Payload has" not in page.text


async def test_a_viewer_finds_only_what_errors_show_a_viewer(
    client: httpx.AsyncClient, viewer: Account, admin: Account, desk: Desk
) -> None:
    desk.add("1", TaskState.RETRY, error="550 <ada@example.com> unknown")

    shown = await client.get(f"{LIST}?error=550", headers=viewer.headers)
    masked = await client.get(f"{LIST}?error=ada@", headers=viewer.headers)
    whole = await client.get(f"{LIST}?error=ada@", headers=admin.headers)

    assert (ids_in(shown), ids_in(masked), ids_in(whole)) == (["1"], [], ["1"])


async def test_an_id_leads_to_its_task_in_any_queue(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    desk.add("other")
    desk.add("sought", queue="low")

    found = await client.get(f"{LIST}?id=sought", headers=viewer.headers)
    missing = await client.get(f"{LIST}?id=nowhere", headers=viewer.headers)

    assert found.headers["location"] == "/dashboard/tasks/low/sought"
    assert "No queue has a task" in missing.text


@pytest.mark.parametrize(
    "query",
    [
        "last=x",
        "since=x",
        "until=%00",
        "cursor=nonsense",
        "state=nonsense",
        "size=7",
        "seen=-1",
        "found=x",
        "size=²",
    ],
)
async def test_a_malformed_address_shows_a_list(
    client: httpx.AsyncClient, viewer: Account, desk: Desk, query: str
) -> None:
    desk.add("1")

    page = await client.get(f"{LIST}?{query}", headers=viewer.headers, follow_redirects=True)

    assert ids_in(page) == ["1"]


async def test_says_what_would_be_here(client: httpx.AsyncClient, viewer: Account) -> None:
    page = await client.get(LIST, headers=viewer.headers)

    assert "There are no tasks yet." in page.text
