"""A number and its noun agree, also if there is one of everything."""

import re

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.http.task_address import task_address
from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.tasks import TaskState
from tests.integration.http.dashboard.test_workers_page import register
from tests.support.accounts import Account
from tests.support.dashboard_map import dashboard_routes, explore
from tests.support.taskqueue.desk import Desk

pytestmark = pytest.mark.anyio

# One of something, and then the word for many. A word may be between them.
DISAGREES = re.compile(
    r"(?<![\d,.])\b1 (?:[\w:-]+ )?"
    r"(?:attempts|failures|groups|members|names|problems|processes|queues|replicas|rows|slots|tasks|workers)\b"
)
WAITS = "low"
FAILS = "default"


def check(page: httpx.Response) -> None:
    words = re.sub(r"</?(?:b|small|strong|span)\b[^>]*>", "", page.text)
    assert not DISAGREES.findall(words), page.url


@pytest.mark.parametrize("text", ["1 tasks", "of 1 slots", "1 pending tasks", "1 email:welcome tasks"])
def test_the_check_finds(text: str) -> None:
    assert DISAGREES.search(text)


@pytest.mark.parametrize(
    "text", ["1 task", "21 tasks", "1,001 tasks", "0.1 tasks", "1 of 4 slots", "1 task waits"]
)
def test_the_check_accepts(text: str) -> None:
    assert not DISAGREES.search(text)


@pytest.mark.parametrize("has_worker", [True, False])
async def test_every_page_agrees(
    client: httpx.AsyncClient, container: Container, admin: Account, desk: Desk, *, has_worker: bool
) -> None:
    desk.add("waits", queue=WAITS)
    desk.add("fails", TaskState.RETRY, queue=FAILS, error="ValueError: no")
    desk.engine.call(scripts.PAUSE, (WAITS, 1, 1))
    if has_worker:
        register(desk, "one", concurrency=1, running="[]", quiet=0)

    found = await explore(client, admin.headers, dashboard_routes(container))
    pages = [address for name, address in found.addresses.items() if name.startswith("GET")]
    for address in [
        *pages,
        task_address(WAITS, "waits"),
        *(f"/dashboard/queues/{queue}" for queue in (WAITS, FAILS)),
        f"/dashboard/queues/{WAITS}/remove",
        f"/dashboard/tasks/all?queue={WAITS}&state=pending&action=delete",
        f"/dashboard/tasks?queue={WAITS}&state=pending&name=work",
        f"/dashboard/tasks?queue={WAITS}&state=pending&name=other",
    ]:
        page = await client.get(address, headers=admin.headers)
        assert page.status_code == 200, address
        check(page)

    assert any("/failures/" in address for address in pages)


@pytest.mark.parametrize("path", ["tasks", "outbox"])
async def test_every_question_agrees(
    client: httpx.AsyncClient, admin: Account, desk: Desk, path: str
) -> None:
    desk.add("waits", queue=WAITS)
    form = {"queue": WAITS, "state": "waiting", "id": "waits", "back": "task"}
    action = {"tasks": "delete", "outbox": "discard"}[path]

    page = await client.post(f"/dashboard/{path}/act", data={**form, "action": action}, headers=admin.headers)

    assert f"<h1>{action.capitalize()} 1 " in page.text
    check(page)
