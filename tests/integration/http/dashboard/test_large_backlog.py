"""Pages and steps at a million tasks: their cost does not grow with the backlog."""

import gc
import time
from html import unescape
from pathlib import Path

import httpx
import pytest

from internal.infrastructure.taskqueue.protocol.failure_mark import mark_of
from internal.ports.tasks import TaskState
from tests.integration.http.dashboard.test_task_actions import form_in
from tests.integration.taskqueue.inspection.test_failures import fill
from tests.support.accounts import Account
from tests.support.taskqueue.desk import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.long]

TASKS = 1_000_000
CHUNK = 50_000
ROUNDS = 5
LONGEST = 0.3  # seconds
MOST_MEMORY = 32 * 1024 * 1024
FAILURES = 10_000
ERROR = "TimeoutError: timed out"
GROUP = f"/dashboard/failures/{mark_of('work', 'TimeoutError', '').fingerprint}"
LIST = "/dashboard/tasks"
ALL = f"{LIST}/all"
PAGES = [
    "/dashboard",
    "/dashboard/queues/default",
    "/dashboard/failures",
    GROUP,
    f"{GROUP}/act?action=run",
    f"{LIST}?size=100",
    f"{LIST}?state=pending&size=100&order=oldest",
    # Nothing matches, so the page looks at as many tasks as it may.
    f"{LIST}?state=pending&name=nowhere",
    f"{LIST}?payload=nowhere",
    f"{LIST}?id=nowhere",
    f"{LIST}/default/0500000",
    f"{ALL}?queue=default&state=pending&action=archive&payload=nowhere",
]


def resident() -> int:
    """Bytes of memory that this process has."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.fixture
def million(desk: Desk) -> Desk:
    desk.add("0", TaskState.RETRY, error=ERROR, options={"traceback": "x" * 2_000})
    fill(desk.engine, FAILURES)
    for first in range(0, TASKS, CHUNK):
        desk.engine.publish(*(f"{number:07}" for number in range(first, first + CHUNK)))
    return desk


@pytest.mark.usefixtures("million")
async def test_pages_and_steps_take_no_longer_at_a_million_tasks(
    client: httpx.AsyncClient, admin: Account
) -> None:
    # The first page of a process loads its templates.
    await client.get(f"{LIST}?size=100", headers=admin.headers)
    before = resident()

    seconds = {page: await best_time(client, admin, page) for page in PAGES}
    seconds["a step"] = await best_step(client, admin, f"{ALL}?queue=default&state=pending&action=archive")
    seconds["a step on a group"] = await best_step(client, admin, f"{GROUP}/act?action=archive")
    steps = {page for page in seconds if page.startswith("a step")}

    assert {page: taken for page, taken in seconds.items() if taken > LONGEST and page not in steps} == {}
    # A step ends its last batch after a quarter of a second.
    assert max(seconds[step] for step in steps) < 2 * LONGEST
    assert resident() - before < MOST_MEMORY


async def best_time(client: httpx.AsyncClient, admin: Account, page: str) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = await client.get(page, headers=admin.headers)
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 200
    return min(taken)


async def best_step(client: httpx.AsyncClient, admin: Account, question: str) -> float:
    address = question.partition("?")[0]
    page, taken = await client.get(question, headers=admin.headers), []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        page = await client.post(address, data=form_in(page), headers=admin.headers)
        taken.append(time.perf_counter() - began)
    assert "so far" in unescape(page.text)
    return min(taken)
