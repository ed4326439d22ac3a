"""A viewer sends each form of the dashboard that an admin has."""

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from tests.integration.http.dashboard.test_workers_page import register
from tests.support.accounts import Account
from tests.support.dashboard_map import dashboard_routes, explore
from tests.support.taskqueue.desk import Desk

pytestmark = pytest.mark.anyio


@pytest.mark.usefixtures("announced")
async def test_every_one_is_refused(
    client: httpx.AsyncClient, container: Container, admin: Account, viewer: Account, desk: Desk
) -> None:
    desk.add("1", error="no")
    register(desk, "worker", quiet=0)
    found = await explore(client, admin.headers, dashboard_routes(container))
    posts = [route for route in found.routes if route.method == "POST"]

    statuses = {
        str(route): (
            await client.post(found.address_of(route), data=found.form_of(route), headers=viewer.headers)
        ).status_code
        for route in posts
    }

    assert set(statuses.values()) == {403}, statuses
    assert desk.engine.states() == {"1": "pending"}
    tasks = container.inspection().tasks()
    assert [queue.is_paused for queue in await tasks.queues()] == [False] * len(await tasks.queues())
    assert [worker.is_quiet for worker in await tasks.workers()] == [False]
