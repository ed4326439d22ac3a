"""The page of the workers as a browser without scripts gets it."""

import json
import time

import httpx
import pytest

from internal.infrastructure.taskqueue.protocol import scripts
from tests.support.accounts import Account
from tests.support.pages import main_of
from tests.support.taskqueue.desk import Desk

pytestmark = pytest.mark.anyio

PAGE = "/dashboard/workers"


def register(desk: Desk, worker_id: str, **changed: str | int) -> None:
    now = int(time.time() * 1000)
    task = ["1", "default", "work", now, None]
    fields: dict[str, str | int] = {"host": "host", "pid": 1, "concurrency": 4, "strict": 0}
    fields |= {"started_at": now, "queues": '{"default":1}', "running": json.dumps([task])}
    fields |= {"draining": 0, "waits_for": "", **changed}
    row = [item for pair in fields.items() for item in pair]
    desk.engine.call(scripts.REGISTER, (worker_id, 15_000, row, ["default"]))


async def test_shows_what_a_worker_runs(client: httpx.AsyncClient, viewer: Account, desk: Desk) -> None:
    register(desk, "one", quiet=0)

    page = await client.get(PAGE, headers=viewer.headers)

    assert "1 of 4 slots busy" in page.text
    assert 'width="25.00"' in page.text
    assert "/dashboard/tasks/default/1" in page.text
    assert "<button" not in main_of(page)


async def test_an_admin_makes_a_worker_quiet_and_resumes_it(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    register(desk, "one", quiet=0)

    pages = {}
    for action in ["quiet", "resume"]:
        done = await client.post(PAGE, data={"id": "one", "action": action}, headers=admin.headers)
        assert done.headers["location"] == f"{PAGE}?notice=worker-{action}"
        # The worker obeys with its next heartbeat.
        register(desk, "one", quiet=int(action == "quiet"))
        pages[action] = (await client.get(done.headers["location"], headers=admin.headers)).text

    assert 'value="cancel"' in pages["quiet"]
    assert ">Quiet</span>" in pages["quiet"]
    assert ">Quiet</span>" not in pages["resume"]


async def test_says_that_an_older_worker_cannot_be_quiet(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    register(desk, "old")

    done = await client.post(PAGE, data={"id": "old", "action": "quiet"}, headers=admin.headers)

    assert done.headers["location"] == f"{PAGE}?notice=worker-too-old"


async def test_a_viewer_may_not_act(client: httpx.AsyncClient, viewer: Account, desk: Desk) -> None:
    register(desk, "one", quiet=0)

    answer = await client.post(PAGE, data={"id": "one", "action": "quiet"}, headers=viewer.headers)

    assert answer.status_code == 403
