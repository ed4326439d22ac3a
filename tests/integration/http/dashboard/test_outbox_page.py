"""The page of the outbox as a browser without scripts gets it."""

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.http.dashboard.outbox_controller import SIZE
from internal.ports.outbox_inspector import OutboxState
from tests.integration.http.dashboard.test_task_actions import title_of
from tests.support.accounts import Account
from tests.support.outbox_rows import store_due
from tests.support.pages import main_of
from tests.support.taskqueue.desk import Desk

pytestmark = pytest.mark.anyio

OUTBOX, ACT = "/dashboard/outbox", "/dashboard/outbox/act"
HOSTILE = "<script>alert(1)</script>\u202e"


async def states_of(container: Container) -> dict[str, OutboxState]:
    return {row.id: row.state for row in (await container.inspection().outbox().rows(None)).rows}


async def test_shows_the_rows_of_each_state(
    client: httpx.AsyncClient, container: Container, viewer: Account
) -> None:
    await store_due(
        container, "first", last_error="mail to ada@example.com", last_error_at=viewer.user.created_at
    )

    every = await client.get(OUTBOX, headers=viewer.headers)
    waiting = await client.get(OUTBOX, params={"state": "waiting"}, headers=viewer.headers)
    done = await client.get(OUTBOX, params={"state": "done"}, headers=viewer.headers)

    assert "/dashboard/tasks/default/first" in every.text
    assert 'Waiting <span class="count">1</span>' in every.text
    assert every.text.count("mail to •••") == 3
    assert "ada@example.com" not in every.text
    assert "Next try" in waiting.text
    assert "No row is done" in done.text
    assert "checkbox" not in main_of(every)


async def test_an_empty_outbox_says_what_would_be_here(client: httpx.AsyncClient, viewer: Account) -> None:
    page = await client.get(OUTBOX, headers=viewer.headers)

    assert "The outbox is empty" in page.text


async def test_follows_the_cursor_and_forgets_one_of_another_list(
    client: httpx.AsyncClient, container: Container, viewer: Account
) -> None:
    await store_due(container, *(f"row-{number:03}" for number in range(SIZE + 1)))

    first = await client.get(OUTBOX, params={"state": "waiting"}, headers=viewer.headers)
    address = first.text.partition("First page")[0].rpartition('class="button" href="')[2].partition('"')[0]
    second = await client.get(address.replace("&amp;", "&"), headers=viewer.headers)
    lost = await client.get(OUTBOX, params={"state": "waiting", "cursor": "no"}, headers=viewer.headers)

    assert (first.text.count('class="what"'), second.text.count('class="what"')) == (SIZE, 1)
    assert "First page" in second.text
    assert (lost.status_code, lost.headers["location"]) == (303, f"{OUTBOX}?state=waiting")


async def test_redrives_one_row_at_once(
    client: httpx.AsyncClient, container: Container, admin: Account, desk: Desk
) -> None:
    await store_due(container, "first")

    result = await client.post(ACT, data={"action": "redrive", "id": "first"}, headers=admin.headers)

    assert title_of(result) == "1 row is in the task queue"
    assert desk.engine.states() == {"first": "pending"}


async def test_asks_before_it_discards(
    client: httpx.AsyncClient, container: Container, admin: Account
) -> None:
    await store_due(container, "first", "second")
    chosen = {"action": "discard", "state": "waiting", "id": ["first", "gone"]}

    question = await client.post(ACT, data=chosen, headers=admin.headers)
    untouched = await states_of(container)
    result = await client.post(ACT, data={**chosen, "is_confirmed": "yes"}, headers=admin.headers)

    assert title_of(question) == "Discard 2 rows?"
    assert "This cannot be undone" in question.text
    assert untouched == {"first": OutboxState.WAITING, "second": OutboxState.WAITING}
    assert title_of(result) == "1 row is given up, 1 was refused"
    assert await states_of(container) == {"first": OutboxState.GIVEN_UP, "second": OutboxState.WAITING}


async def test_a_form_without_rows_says_how_to_select_some(client: httpx.AsyncClient, admin: Account) -> None:
    answer = await client.post(ACT, data={"action": "redrive"}, headers=admin.headers)

    assert title_of(answer) == "No row is selected"


async def test_hostile_rows_show_as_text(
    client: httpx.AsyncClient, container: Container, viewer: Account
) -> None:
    await store_due(container, HOSTILE, task_name=HOSTILE, last_error=HOSTILE * 40_000)

    page = await client.get(OUTBOX, headers=viewer.headers)

    assert "alert(1)" in page.text
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text
    assert len(page.text) < 50_000


async def test_a_viewer_may_not_act(client: httpx.AsyncClient, container: Container, viewer: Account) -> None:
    await store_due(container, "first")

    answer = await client.post(
        ACT, data={"action": "discard", "id": "first", "is_confirmed": "yes"}, headers=viewer.headers
    )

    assert answer.status_code == 403
    assert await states_of(container) == {"first": OutboxState.WAITING}
