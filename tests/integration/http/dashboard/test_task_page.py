"""The page of a task as a browser without scripts gets it."""

import re
import time

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.http.task_address import task_address
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.attempt_note import AttemptNote, encode_note
from internal.ports.security_event_log import EventFilter
from internal.ports.tasks import TaskState
from tests.support.accounts import Account
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import PREFIX

pytestmark = pytest.mark.anyio

FORM = {"csrf_token": ""}
PAYLOAD = {"email": "ada@example.com", "user_id": "7", "text": "Dear bob@example.com"}


async def test_shows_a_failed_task_without_personal_data(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    desk.add("1", TaskState.RETRY, payload=PAYLOAD, error="Refused: ada@example.com")

    page = await client.get(task_address("default", "1"), headers=viewer.headers)

    assert page.status_code == 200
    assert "Refused: •••" in page.text
    assert "Failure 1, in attempt 1" in page.text
    assert "Next attempt" in page.text
    assert "&#34;7&#34;" in page.text
    assert "@example.com" not in page.text.replace(viewer.user.email.value, "")
    assert "Reveal" not in page.text


async def test_shows_where_and_for_how_long_each_attempt_ran(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    desk.add("1", TaskState.ACTIVE)
    desk.fail("1", AttemptNote(error="by an older version"), wait=0)
    for number, worker in enumerate(["web-1:17", "<b>web-2:18"], start=1):
        [desk.held["1"]] = desk.hand.fetch()
        note = AttemptNote(error=f"no {number}", retries=number, worker=worker, ms=number * 1200)
        desk.fail("1", note, wait=0)

    page = await client.get(task_address("default", "1"), headers=viewer.headers)

    events = re.findall(r"<li.*?</li>", page.text, re.DOTALL)
    older, first, second = [" ".join(event.split()) for event in events if "in attempt" in event]
    assert "ran for" not in older
    assert re.search(r"<p>On web-1:17\. Started <time [^>]+>[^<]+</time>, ran for 1\.2s\.</p>", first)
    assert re.search(
        r"<p>On &lt;b&gt;web-2:18\. Started <time [^>]+>[^<]+</time>, ran for 2\.4s\.</p>", second
    )


async def test_says_the_same_error_once(client: httpx.AsyncClient, viewer: Account, desk: Desk) -> None:
    desk.add("1", TaskState.RETRY, error="Refused: no")
    for minutes, error in enumerate(["Refused: no", "Refused: never"], start=1):
        at = int(time.time() * 1000) + minutes * 60_000
        note = encode_note(AttemptNote(error, retries=minutes))
        desk.engine.client.hset(f"{PREFIX}:default:task:1", f"attempt:{at}", note)

    page = await client.get(task_address("default", "1"), headers=viewer.headers)

    assert page.text.count("Refused: no</b>") == 1
    assert page.text.count("The same error.") == 1
    assert page.text.count("Refused: never</b>") == 1


async def test_shows_the_traceback_of_the_last_failure_and_leads_to_its_group(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    traceback = 'Traceback (most recent call last):\n  File "a.py", line 1, in send\nRefused: ada@example.com'
    desk.add("1", TaskState.RETRY, error="Refused: no", options={"traceback": traceback})

    page = await client.get(task_address("default", "1"), headers=viewer.headers)
    [group] = re.findall(r'<a href="([^"]+)">See all tasks that fail like this', page.text)
    shown = await client.get(group, headers=viewer.headers)

    assert '<span class="error">Refused: •••</span>' in page.text
    assert "<h1>work fails with Refused</h1>" in shown.text


async def test_shows_the_neighbours_in_a_chain(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    """The next task has no page before it is stored."""
    message = scripts.text(b'{"actor_name":"<next>"}')
    packed = scripts.text(scripts.encode_request([("low", "2", message, 0, -1, {})]))
    kept = {"retention": 60_000}
    desk.add("waits", terms={"on_success": packed})
    desk.add("done", TaskState.COMPLETED, options=kept, terms={"on_success": packed})

    waits, done, second = [
        await client.get(task_address(queue, task_id), headers=viewer.headers)
        for queue, task_id in (("default", "waits"), ("default", "done"), ("low", "2"))
    ]

    assert "<dd>&lt;next&gt;</dd>" in waits.text.replace("\n", "")
    assert '<a href="/dashboard/tasks/low/2">&lt;next&gt;</a>' in done.text
    assert '<a href="/dashboard/tasks/default/done">done</a>' in second.text


async def test_shows_how_far_a_group_is(client: httpx.AsyncClient, viewer: Account, desk: Desk) -> None:
    terms = {"group": "7f", "size": 1200}
    desk.add("1", TaskState.COMPLETED, terms=terms, options={"retention": 60_000})
    desk.add("2", terms=terms)

    page = await client.get(task_address("default", "2"), headers=viewer.headers)

    assert "<dd>1 of 1,200</dd>" in page.text


async def test_an_admin_reveals_the_payload_and_that_is_recorded(
    client: httpx.AsyncClient, admin: Account, desk: Desk, container: Container
) -> None:
    desk.add("1", payload=PAYLOAD)

    page = await client.post(f"{task_address('default', '1')}/reveal", data=FORM, headers=admin.headers)

    assert "ada@example.com" in page.text
    assert "hx-get" not in page.text
    log = container.database.security_event_log()
    [event] = (await log.page(EventFilter(only_on_tasks=True), size=10)).events
    assert (event.name, event.actor_id) == ("tasks.reveal_payload", admin.id)
    assert event.details == {"queue": "default", "tasks": "1", "ids": "1", "outcome": "done"}


async def test_a_viewer_reveals_nothing(client: httpx.AsyncClient, viewer: Account, desk: Desk) -> None:
    desk.add("1", payload=PAYLOAD)

    page = await client.post(f"{task_address('default', '1')}/reveal", data=FORM, headers=viewer.headers)

    assert page.status_code == 403


async def test_a_task_that_is_gone_is_a_page_that_says_why(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    desk.add("1")

    page = await client.get(task_address("default", "2"), headers=viewer.headers)

    assert page.status_code == 404
    assert "This task is gone" in page.text


async def test_an_id_that_postgres_cannot_have_is_gone(client: httpx.AsyncClient, viewer: Account) -> None:
    page = await client.get(task_address("default", "a\0b"), headers=viewer.headers)

    assert page.status_code == 404


@pytest.mark.parametrize("task_id", ["a/b", "..", ".", "a?b#c", "%2F", "a b", "<b>&amp;\u202e", "é" * 200])
async def test_any_id_has_a_page(client: httpx.AsyncClient, admin: Account, desk: Desk, task_id: str) -> None:
    desk.add(task_id, name="found")

    page = await client.get(task_address("default", task_id), headers=admin.headers)
    [own_address] = re.findall(r'hx-get="([^"]+)"', page.text)
    refreshed = await client.get(own_address, headers=admin.headers)
    done = await client.post(
        "/dashboard/tasks/act",
        data={"queue": "default", "action": "archive", "id": task_id, "back": "task"},
        headers=admin.headers,
    )
    after = await client.get(done.headers["location"], headers=admin.headers)

    assert (page.status_code, after.status_code) == (200, 200)
    assert "<h1>found</h1>" in page.text
    assert "<h1>found</h1>" in refreshed.text
    assert "The task is archived." in after.text


async def test_hostile_contents_are_text(client: httpx.AsyncClient, admin: Account, desk: Desk) -> None:
    hostile = "<script>alert(1)</script>\u202e\u0000"
    deep: dict[str, object] = {}
    for _ in range(200):
        deep = {"x": deep}
    payload = {hostile: hostile, "long": "x" * 1_000_000, "deep": deep}
    desk.add(
        "1",
        TaskState.RETRY,
        name=hostile,
        payload=payload,
        error=hostile,
        options={"headers": {"h": hostile}},
    )

    for path in (task_address("default", "1"), "/dashboard/tasks?state=retry"):
        page = await client.get(path, headers=admin.headers)

        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "\u202e" not in page.text
        assert len(page.content) < 40_000
