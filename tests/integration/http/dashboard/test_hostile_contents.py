"""Pages show hostile contents of Redis as text."""

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.http.task_address import task_address
from tests.integration.http.dashboard.test_hostile_requests import INVISIBLE
from tests.integration.http.dashboard.test_workers_page import register
from tests.support.accounts import Account
from tests.support.dashboard_map import PageReader, dashboard_routes, explore
from tests.support.hostile_tasks import QUEUE, SCRIPT, plant
from tests.support.taskqueue.desk import Desk

pytestmark = pytest.mark.anyio

# Bytes. A page is as long as its rows, not as their texts.
MOST = 400_000


def check(page: httpx.Response) -> None:
    assert page.status_code == 200, page.url
    assert not INVISIBLE & set(PageReader(page.text).text), page.url
    assert "<script>alert" not in page.text, page.url
    assert "<img src=x" not in page.text, page.url
    assert len(page.content) < MOST, page.url


@pytest.mark.parametrize("role", ["admin", "viewer"])
async def test_every_page_shows_it_as_text(
    client: httpx.AsyncClient, container: Container, admin: Account, viewer: Account, desk: Desk, role: str
) -> None:
    headers = {"admin": admin, "viewer": viewer}[role].headers
    ids = plant(desk)
    register(desk, SCRIPT, host=SCRIPT, waits_for=SCRIPT, quiet=0)

    found = await explore(client, headers, dashboard_routes(container))
    pages = [address for name, address in found.addresses.items() if name.startswith("GET")]
    for address in [*pages, *(task_address(QUEUE, task_id) for task_id in ids)]:
        check(await client.get(address, headers=headers))


async def test_every_task_can_be_revealed_and_acted_on(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    for task_id in plant(desk):
        reveal = f"{task_address(QUEUE, task_id)}/reveal"
        check(await client.post(reveal, data={"csrf_token": ""}, headers=admin.headers))
        form = {"queue": QUEUE, "action": "delete", "id": task_id, "is_confirmed": "yes"}
        done = await client.post("/dashboard/tasks/act", data=form, headers=admin.headers)
        check(done)
        assert "1 task is deleted" in done.text, ascii(task_id)[:80]
