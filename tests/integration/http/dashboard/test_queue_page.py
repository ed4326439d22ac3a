"""The page of a queue as a browser without scripts gets it."""

import httpx
import pytest

from internal.ports.tasks import TaskState
from tests.support.accounts import Account
from tests.support.pages import main_of
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import PREFIX

pytestmark = pytest.mark.anyio

FORM = {"csrf_token": ""}
QUEUE = "/dashboard/queues/default"


async def test_shows_the_sizes_the_days_and_nobody_who_serves_it(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    desk.add("1")
    desk.add("2", TaskState.ARCHIVED)

    page = await client.get(QUEUE, headers=viewer.headers)

    assert page.status_code == 200
    assert page.text.count('<b class="value">1</b>') == 2
    assert page.text.count('<td class="wide">') == 14
    assert "No worker serves this queue" in page.text
    assert "<button" not in main_of(page)


async def test_an_admin_pauses_and_resumes_it(client: httpx.AsyncClient, admin: Account, desk: Desk) -> None:
    desk.add("1")

    paused = await client.post(f"{QUEUE}/pause", data=FORM, headers=admin.headers)
    page = await client.get(paused.headers["location"], headers=admin.headers)
    resumed = await client.post(f"{QUEUE}/resume", data={**FORM, "back": "overview"}, headers=admin.headers)
    overview = await client.get(resumed.headers["location"], headers=admin.headers)

    assert (paused.status_code, paused.headers["location"]) == (303, f"{QUEUE}?notice=queue-paused")
    assert "The queue is paused" in page.text
    assert f"{QUEUE}/resume" in page.text
    assert resumed.headers["location"] == "/dashboard?notice=queue-resumed"
    assert f"{QUEUE}/pause" in overview.text


async def test_removes_a_queue_without_tasks(client: httpx.AsyncClient, admin: Account, desk: Desk) -> None:
    desk.add("1", queue="reports")
    full = await client.get("/dashboard/queues/reports/remove", headers=admin.headers)
    refused = await client.post("/dashboard/queues/reports/remove", data=FORM, headers=admin.headers)
    desk.engine.client.flushdb()
    desk.engine.client.sadd(f"{PREFIX}:queues", "reports")

    empty = await client.get("/dashboard/queues/reports/remove", headers=admin.headers)
    removed = await client.post("/dashboard/queues/reports/remove", data=FORM, headers=admin.headers)

    assert "The queue has 1 task, so it stays" in full.text
    assert refused.headers["location"] == "/dashboard/queues/reports/remove"
    assert "The queue is empty" in empty.text
    assert removed.headers["location"] == "/dashboard?notice=queue-removed"
    assert (await client.get("/dashboard/queues/reports", headers=admin.headers)).status_code == 404


@pytest.mark.parametrize("action", ["pause", "resume", "remove"])
async def test_a_viewer_is_refused_each_action(
    client: httpx.AsyncClient, viewer: Account, desk: Desk, action: str
) -> None:
    desk.add("1")

    answer = await client.post(f"{QUEUE}/{action}", data=FORM, headers=viewer.headers)

    assert answer.status_code == 403
