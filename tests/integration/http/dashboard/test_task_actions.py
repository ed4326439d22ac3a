"""Actions on tasks from the list: a question, then the true result."""

import asyncio
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import httpx
import pytest

from internal.domain.role import Role
from internal.infrastructure.bootstrap.container import Container
from internal.ports.task_inspector import ActionStep
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import FakeClock
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.accounts import Account, stored_account
from tests.support.taskqueue.desk import Desk

pytestmark = pytest.mark.anyio

ACT, ALL = "/dashboard/tasks/act", "/dashboard/tasks/all"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_TITLE = re.compile(r"<h1>([^<]+)</h1>")


class Down(FakeTaskInspector):
    async def act_on_next(self, *_: Any, **__: Any) -> ActionStep:
        raise Unavailable("down")


def title_of(page: httpx.Response) -> str:
    [title] = _TITLE.findall(page.text)
    return unescape(title)


def form_in(page: httpx.Response) -> dict[str, Any]:
    return {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}


async def go_through(client: httpx.AsyncClient, account: Account, page: httpx.Response) -> httpx.Response:
    """Press the button of the question, then *Continue* until nothing is left."""
    while "Continue" in page.text or re.search("Leave (it|them) alone", page.text):
        page = await client.post(ALL, data=form_in(page), headers=account.headers)
    return page


async def all_question(client: httpx.AsyncClient, account: Account, **query: str) -> httpx.Response:
    return await client.get(ALL, params={"queue": "default", **query}, headers=account.headers)


async def test_asks_before_it_acts_on_several_and_reports_each_of_them(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    desk.add("1", TaskState.RETRY)
    desk.add("2", TaskState.RETRY)
    desk.add("3", TaskState.COMPLETED, options={"retention": 60_000})
    chosen = {"queue": "default", "action": "archive", "id": ["1", "2", "3"]}

    question = await client.post(ACT, data=chosen, headers=admin.headers)
    untouched = desk.engine.states()
    result = await client.post(ACT, data={**chosen, "is_confirmed": "yes"}, headers=admin.headers)

    assert title_of(question) == "Archive 3 tasks of default?"
    assert untouched["1"] == "retry"
    assert title_of(result) == "2 tasks are archived, 1 was refused"
    assert "it is completed" in result.text
    assert desk.engine.states() == {"1": "archived", "2": "archived", "3": "completed"}


async def test_the_box_of_the_page_means_every_task_that_it_shows(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    desk.add_many(3)
    form = {"queue": "default", "action": "delete", "whole_page": "yes", "shown": ["0000", "0001"]}

    question = await client.post(ACT, data=form, headers=admin.headers)

    assert title_of(question) == "Delete 2 tasks of default?"


async def test_nothing_selected_is_a_page_that_says_so(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    desk.add("1")

    page = await client.post(ACT, data={"queue": "default", "action": "archive"}, headers=admin.headers)

    assert title_of(page) == "No task is selected"


@pytest.mark.parametrize("path", [ACT, ALL])
async def test_a_viewer_is_refused_a_forged_form(
    client: httpx.AsyncClient, viewer: Account, desk: Desk, path: str
) -> None:
    desk.add("1")
    form = {"queue": "default", "state": "pending", "action": "delete", "id": "1", "is_confirmed": "yes"}

    answer = await client.post(path, data=form, headers=viewer.headers)

    assert answer.status_code == 403
    assert desk.engine.states() == {"1": "pending"}


async def test_acts_on_everything_in_steps(client: httpx.AsyncClient, admin: Account, desk: Desk) -> None:
    desk.add_many(2100)

    question = await all_question(client, admin, state="pending", action="archive")
    first = await client.post(ALL, data=form_in(question), headers=admin.headers)
    result = await go_through(client, admin, first)

    assert title_of(question) == "Archive 2,100 pending tasks of default?"
    assert title_of(first).endswith("tasks are archived so far")
    assert title_of(result) == "2,100 tasks are archived"
    assert set(desk.engine.states().values()) == {"archived"}


async def test_acts_on_what_matches_and_counts_it_first(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    for number in range(6):
        desk.add(str(number), TaskState.RETRY, error="timed out" if number % 2 else "refused")

    question = await all_question(client, admin, state="retry", action="run", error="timed")
    result = await go_through(client, admin, question)

    assert title_of(question) == "Run 3 retry tasks of default?"
    assert title_of(result) == "3 tasks are pending now"


async def test_a_number_that_needs_a_scan_is_a_lower_bound(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    desk.add_many(1200)

    question = await all_question(client, admin, state="pending", action="delete", name="noop")

    assert title_of(question) == "Delete at least 500 pending tasks of default?"


async def test_two_operators_who_act_on_the_same_tasks_see_true_results(
    client: httpx.AsyncClient, container: Container, admin: Account, desk: Desk
) -> None:
    other = await stored_account(container, role=Role.ADMIN)
    desk.add_many(1500)
    questions = [await all_question(client, one, state="pending", action="archive") for one in (admin, other)]

    results = await asyncio.gather(
        *(go_through(client, one, page) for one, page in zip((admin, other), questions, strict=True))
    )

    numbers = [title_of(result).partition(" task")[0].replace(",", "") for result in results]
    done = [0 if number == "No" else int(number) for number in numbers]
    assert sum(done) == 1500
    assert set(desk.engine.states().values()) == {"archived"}


async def test_a_step_without_redis_can_be_sent_again(
    client: httpx.AsyncClient, container: Container, admin: Account, desk: Desk
) -> None:
    desk.add_many(3)
    question = await all_question(client, admin, state="pending", action="archive")

    with container.inspection.tasks.override(Down(FakeClock())):
        interrupted = await client.post(ALL, data=form_in(question), headers=admin.headers)
    result = await go_through(client, admin, interrupted)

    assert "does not answer" in interrupted.text
    assert "data-goes-on" not in interrupted.text
    assert title_of(result) == "3 tasks are archived"


@pytest.mark.parametrize(
    "forged",
    [
        {"cursor": "nonsense"},
        {"done": "-1"},
        {"reasons": "[]"},
        {"state": "nonsense"},
        {"total": "1e99"},
        {"since": "x"},
    ],
)
async def test_a_forged_step_is_refused(
    client: httpx.AsyncClient, admin: Account, desk: Desk, forged: Mapping[str, str]
) -> None:
    desk.add("1")
    form = {"queue": "default", "state": "pending", "action": "delete", **forged}

    answer = await client.post(ALL, data=form, headers=admin.headers)

    assert answer.status_code == 422
    assert desk.engine.states() == {"1": "pending"}


@pytest.mark.parametrize("malformed", ["since", "until", "last"])
async def test_a_malformed_filter_is_not_left_out_of_an_action(
    client: httpx.AsyncClient, admin: Account, desk: Desk, malformed: str
) -> None:
    desk.add("1")

    question = await all_question(client, admin, state="pending", action="delete", **{malformed: "x"})

    assert question.status_code == 422


async def test_acts_on_everything_of_a_time(client: httpx.AsyncClient, admin: Account, desk: Desk) -> None:
    desk.add("1", TaskState.ARCHIVED, error="timed out")

    old = await all_question(client, admin, state="archived", action="run", until="2001-01-01T00:00")
    recent = await all_question(client, admin, state="archived", action="run", last="1h")
    result = await go_through(client, admin, recent)

    assert title_of(old) == "Run 0 archived tasks of default?"
    assert title_of(result) == "1 task is pending now"


async def test_an_action_that_does_not_fit_the_state_is_refused(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    desk.add("1")

    question = await all_question(client, admin, state="pending", action="run")
    step = await client.post(
        ALL, data={"queue": "default", "state": "pending", "action": "run"}, headers=admin.headers
    )

    assert (question.status_code, step.status_code) == (422, 409)
