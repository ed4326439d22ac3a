"""Pages show ids and names in Redis that are not UTF-8, with escapes."""

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.http.task_address import task_address
from tests.support.accounts import Account
from tests.support.dashboard_map import PageReader, dashboard_routes, explore
from tests.support.foreign_bytes import QUEUE, SHOWN, STATES, plant
from tests.support.taskqueue.desk import Desk

pytestmark = pytest.mark.anyio


async def test_every_page_answers(
    client: httpx.AsyncClient, container: Container, admin: Account, desk: Desk
) -> None:
    plant(desk)

    found = await explore(client, admin.headers, dashboard_routes(container))
    pages = {address for name, address in found.addresses.items() if name.startswith("GET")}
    for state in STATES:
        pages |= {f"/dashboard/tasks?queue={QUEUE}&state={state}", task_address(QUEUE, f"{state}-named")}
    for address in sorted(pages):
        page = await client.get(address, headers=admin.headers)
        assert page.status_code in {200, 404}, address


@pytest.mark.parametrize("state", STATES)
async def test_lists_the_tasks_of_every_state(
    client: httpx.AsyncClient, admin: Account, desk: Desk, state: str
) -> None:
    plant(desk)

    page = await client.get(
        f"/dashboard/tasks?queue={QUEUE}&state={state}&order=oldest", headers=admin.headers
    )

    assert page.status_code == 200
    assert f"{state}-{SHOWN}" in PageReader(page.text).text
    assert f"{state}-named" in PageReader(page.text).text


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("", f"queue-{SHOWN}"),
        ("/failures", "name-\ufffd\ufffd"),
        ("/workers", f"worker-{SHOWN}"),
        ("/workers", f"host-{SHOWN}"),
        ("/workers", "queue-\ufffd\ufffd"),
        ("/schedules", f"schedule-{SHOWN}"),
        (f"/tasks/{QUEUE}/pending-named", f'<dt>Group</dt><dd class="mono">{SHOWN}</dd>'),
    ],
)
async def test_shows_what_can_be_read(
    client: httpx.AsyncClient, admin: Account, desk: Desk, path: str, shown: str
) -> None:
    plant(desk)

    page = await client.get(f"/dashboard{path}", headers=admin.headers)

    assert page.status_code == 200
    assert shown in page.text


async def test_acts_on_everything_and_comes_to_an_end(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    """No action finds a task with such an id."""
    plant(desk)
    form = {"queue": QUEUE, "state": "archived", "action": "delete", "total": "2", "csrf_token": ""}

    page = await client.post("/dashboard/tasks/all", data=form, headers=admin.headers)

    assert "<h1>1 task is deleted, 1 was refused</h1>" in page.text
