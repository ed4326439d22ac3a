"""A page that has not changed is not sent again."""

import httpx
import pytest

from internal.ports.tasks import TaskState
from tests.support.accounts import Account
from tests.support.taskqueue.desk import Desk

pytestmark = pytest.mark.anyio

PAGES = ["/dashboard", "/dashboard?range=7d", "/dashboard/queues/default", "/dashboard/tasks"]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    # It is due in an hour, so no age on a page changes within a minute.
    desk.add("1", TaskState.SCHEDULED)
    return desk


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("desk")
async def test_a_browser_that_shows_the_page_gets_no_body(
    client: httpx.AsyncClient, admin: Account, page: str
) -> None:
    first = await client.get(page, headers=admin.headers)
    known = {"If-None-Match": first.headers["etag"]}

    again = await client.get(page, headers=admin.headers | known)

    assert first.headers["etag"].startswith('W/"')
    # A minute may have ended in between, or an age changed.
    if again.status_code == 304:
        assert again.content == b""
        assert "content-type" not in again.headers
        assert again.headers["cache-control"] == "no-store"
        assert again.headers["etag"] == first.headers["etag"]
    else:
        assert again.headers["etag"] != first.headers["etag"]


async def test_an_action_changes_the_page(client: httpx.AsyncClient, admin: Account, desk: Desk) -> None:
    first = await client.get("/dashboard", headers=admin.headers)
    await client.post("/dashboard/queues/default/pause", data={"csrf_token": ""}, headers=admin.headers)

    again = await client.get("/dashboard", headers=admin.headers | {"If-None-Match": first.headers["etag"]})

    assert again.status_code == 200
    assert "Paused" in again.text
    assert desk.engine.client.ping()


@pytest.mark.usefixtures("desk")
async def test_another_person_gets_another_page(
    client: httpx.AsyncClient, admin: Account, viewer: Account
) -> None:
    first = await client.get("/dashboard", headers=admin.headers)

    other = await client.get("/dashboard", headers=viewer.headers | {"If-None-Match": first.headers["etag"]})

    assert other.status_code == 200


async def test_an_error_has_no_etag(client: httpx.AsyncClient, admin: Account) -> None:
    answer = await client.get("/dashboard/queues/nowhere", headers=admin.headers)

    assert answer.status_code == 404
    assert "etag" not in answer.headers
