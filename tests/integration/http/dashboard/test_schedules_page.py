"""The page of the periodic tasks as a browser without scripts gets it."""

import httpx
import pytest

from tests.support.accounts import Account
from tests.support.pages import main_of

pytestmark = pytest.mark.anyio

PAGE, NAME = "/dashboard/schedules", "outbox-purge"


async def test_without_a_worker_it_says_who_announces_schedules(
    client: httpx.AsyncClient, viewer: Account
) -> None:
    page = await client.get(PAGE, headers=viewer.headers)

    assert "No worker announces a schedule" in page.text


@pytest.mark.usefixtures("announced")
async def test_says_in_words_when_a_task_runs(client: httpx.AsyncClient, viewer: Account) -> None:
    page = await client.get(PAGE, headers=viewer.headers)

    daily = next(card for card in page.text.split("<section") if f"<h2>{NAME}</h2>" in card)
    assert "At 03:30 every day" in daily
    assert daily.count("03:30:00 UTC</span>") == 5
    assert "It has not run yet" in daily
    assert "Every 1m" in page.text
    assert "<button" not in main_of(page)


@pytest.mark.usefixtures("announced")
async def test_an_admin_runs_pauses_and_resumes_it(client: httpx.AsyncClient, admin: Account) -> None:
    pages = {}
    for action in ["run", "pause", "resume"]:
        done = await client.post(PAGE, data={"name": NAME, "action": action}, headers=admin.headers)
        assert done.status_code == 303
        pages[action] = (await client.get(done.headers["location"], headers=admin.headers)).text

    assert "The task is published" in pages["run"]
    assert f"/dashboard/tasks/low/{NAME}" in pages["run"]
    assert "Pending</span>" in pages["run"]
    assert "None while it is paused" in pages["pause"]
    assert "None while it is paused" not in pages["resume"]


async def test_a_schedule_that_is_gone_is_a_friendly_404(client: httpx.AsyncClient, admin: Account) -> None:
    answer = await client.post(PAGE, data={"name": "gone", "action": "pause"}, headers=admin.headers)

    assert answer.status_code == 404
    assert "<h1>" in answer.text


@pytest.mark.usefixtures("announced")
async def test_a_viewer_may_not_act(client: httpx.AsyncClient, viewer: Account) -> None:
    answer = await client.post(PAGE, data={"name": NAME, "action": "run"}, headers=viewer.headers)

    assert answer.status_code == 403
