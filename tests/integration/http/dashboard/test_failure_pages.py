"""The pages about groups of failures as a browser without scripts gets them."""

import asyncio
import re
from html import unescape
from typing import Any

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.taskqueue.protocol.failure_mark import mark_of
from internal.ports.task_failures import FailureGroups
from internal.ports.task_inspector import ActionStep
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import FakeClock
from tests.fakes.task_inspector import FakeTaskInspector
from tests.integration.http.dashboard.test_task_actions import form_in, title_of
from tests.support.accounts import Account
from tests.support.taskqueue.desk import Desk

pytestmark = pytest.mark.anyio

LIST = "/dashboard/failures"
REFUSED = "SMTPError: refused <ada@example.com>"
FRAME = "internal/email/smtp.py in Sender.send"
GROUP = f"{LIST}/{mark_of('mail', 'SMTPError', FRAME).fingerprint}"
ACT = f"{GROUP}/act"
_LINK = re.compile(r'<p><a href="(/dashboard/failures/[0-9a-f]{12})">')


class Down(FakeTaskInspector):
    async def failures(self) -> FailureGroups:
        raise Unavailable("down")

    async def act_on_failures(self, *_: Any, **__: Any) -> ActionStep:
        raise Unavailable("down")


def add(desk: Desk, *ids: str, state: TaskState = TaskState.RETRY, **facts: Any) -> None:
    for task_id in ids:
        desk.add(task_id, state, **{"name": "mail", "error": REFUSED, "frame": FRAME, **facts})


async def test_lists_the_causes_the_largest_first(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    add(desk, "1", name="bill")
    add(desk, "2", "3")

    page = await client.get(LIST, headers=viewer.headers)

    assert "grouping all 3 failures" in page.text
    assert _LINK.findall(page.text)[0] == GROUP
    assert "refused &lt;•••&gt; · smtp.py in Sender.send" in page.text
    assert "<b>2</b> tasks" in page.text
    assert page.text.count("fails now") == 2
    assert "Retry 2" not in page.text


async def test_an_admin_may_retry_a_group_from_the_list(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    add(desk, "1", "2")

    page = await client.get(LIST, headers=admin.headers)

    assert f'href="{ACT}?action=run"' in page.text


async def test_lists_the_causes_of_one_task_name(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    add(desk, "1", name="bill")
    add(desk, "2", "3")

    mail = await client.get(f"{LIST}?task=mail", headers=viewer.headers)
    other = await client.get(f"{LIST}?task=<b>", headers=viewer.headers)

    assert _LINK.findall(mail.text) == [GROUP]
    assert "No failed task has this name." in other.text
    assert "<b>&lt;b&gt;</b>" in other.text


async def test_says_what_would_be_here(client: httpx.AsyncClient, viewer: Account) -> None:
    page = await client.get(LIST, headers=viewer.headers)

    assert "No task has failed." in page.text


@pytest.mark.parametrize("path", [LIST, "/dashboard"])
async def test_says_that_redis_does_not_answer(
    client: httpx.AsyncClient, container: Container, viewer: Account, path: str
) -> None:
    with container.inspection.tasks.override(Down(FakeClock())):
        page = await client.get(path, headers=viewer.headers)

    assert "Redis does not answer, so the failures cannot be read." in page.text


async def test_the_overview_has_the_five_largest_groups(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    for number in range(6):
        add(desk, *(f"{number}-{each}" for each in range(number + 1)), name=f"task-{number}")

    page = await client.get("/dashboard", headers=viewer.headers)

    assert len(_LINK.findall(page.text)) == 5
    assert "task-5" in page.text
    assert ">task-0<" not in page.text


async def test_shows_the_cause_and_the_tasks(client: httpx.AsyncClient, viewer: Account, desk: Desk) -> None:
    traceback = (
        f'Traceback (most recent call last):\n  File "/app/internal/a.py", line 1, in send\n{REFUSED}\n'
    )
    add(desk, "old", state=TaskState.ARCHIVED)
    add(desk, "new", options={"traceback": traceback})

    page = await client.get(GROUP, headers=viewer.headers)

    assert title_of(page) == "mail fails with SMTPError"
    assert "<b>SMTPError: refused &lt;•••&gt;</b>" in page.text
    assert '<span class="own">  File &#34;/app/internal/a.py&#34;, line 1, in send</span>' in page.text
    assert '<span class="error">SMTPError: refused &lt;•••&gt;</span>' in page.text
    assert page.text.index("default/new") < page.text.index("default/old")
    assert "/act" not in page.text
    assert "ask an admin" in page.text


async def test_an_admin_sees_what_each_action_does(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    add(desk, "1", "2")
    add(desk, "3", state=TaskState.ARCHIVED)

    page = await client.get(GROUP, headers=admin.headers)

    buttons = re.findall(rf'href="{ACT}\?action=(\w+)">([^<]+)<', page.text)
    assert buttons == [
        ("run", "Retry all 3…"),
        ("run", "Retry all 3…"),
        ("archive", "Archive the 2…"),
        ("delete", "Delete all 3…"),
    ]
    assert f"./admin failures run {GROUP.rpartition('/')[2]}" in page.text


async def test_the_tasks_of_a_group_come_page_by_page(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    add(desk, *(f"task-{number:02}" for number in range(31)))

    first = await client.get(GROUP, headers=viewer.headers)
    [following] = re.findall(r'href="([^"]+)">Next', first.text)
    second = await client.get(unescape(following), headers=viewer.headers)
    nonsense = await client.get(f"{GROUP}?cursor=nonsense", headers=viewer.headers)

    assert "task-00" not in first.text
    assert re.findall(r"task-\d\d(?=</span>)", second.text) == ["task-00"]
    assert nonsense.headers["location"] == GROUP


@pytest.mark.parametrize("path", ["", "/act?action=run"])
async def test_a_group_that_is_gone_is_a_page_that_says_why(
    client: httpx.AsyncClient, admin: Account, path: str
) -> None:
    page = await client.get(f"{LIST}/%3Cb%3E{path}", headers=admin.headers)

    assert page.status_code == 404
    assert title_of(page) == "No failure is left in this group"
    assert "<b>" not in page.text.replace("<b>g</b>", "")


@pytest.mark.parametrize(
    ("action", "question", "result", "becomes"),
    [
        ("run", "Retry 3 mail tasks?", "3 tasks are pending now", {"pending"}),
        ("archive", "Archive 2 mail tasks?", "2 tasks are archived", {"archived"}),
        ("delete", "Delete 3 mail tasks?", "3 tasks are deleted", set()),
    ],
)
async def test_acts_on_a_group_and_leaves_the_others(
    client: httpx.AsyncClient,
    admin: Account,
    desk: Desk,
    action: str,
    question: str,
    result: str,
    becomes: set[str],
) -> None:
    add(desk, "1", "2")
    add(desk, "3", state=TaskState.ARCHIVED)
    add(desk, "other", name="bill")

    asked = await client.get(f"{ACT}?action={action}", headers=admin.headers)
    done = await client.post(ACT, data=form_in(asked), headers=admin.headers)
    after = await client.get(LIST, headers=admin.headers)

    assert (title_of(asked), title_of(done)) == (question, result)
    states = desk.engine.states()
    assert states.pop("other") == "retry"
    assert set(states.values()) == becomes
    assert (GROUP in after.text) == (action == "archive")


async def test_an_action_goes_on_until_nothing_is_left(
    client: httpx.AsyncClient,
    container: Container,
    admin: Account,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("internal.infrastructure.taskqueue.inspection.failure_actions.STEP_TIME", 0)
    add(desk, *(str(number) for number in range(101)))
    asked = await client.get(f"{ACT}?action=archive", headers=admin.headers)

    with container.inspection.tasks.override(Down(FakeClock())):
        interrupted = await client.post(ACT, data=form_in(asked), headers=admin.headers)
    first = await client.post(ACT, data=form_in(interrupted), headers=admin.headers)
    last = await client.post(ACT, data=form_in(first), headers=admin.headers)

    assert "does not answer" in interrupted.text
    assert "Looked at 100 of 101 failed tasks." in first.text
    assert "data-goes-on" in first.text
    assert title_of(last) == "101 tasks are archived"


async def test_two_operators_who_retry_the_same_group_see_true_results(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    add(desk, *(str(number) for number in range(150)))
    questions = [await client.get(f"{ACT}?action=run", headers=admin.headers) for _ in range(2)]

    results = await asyncio.gather(
        *(client.post(ACT, data=form_in(asked), headers=admin.headers) for asked in questions)
    )

    numbers = [title_of(result).partition(" task")[0] for result in results]
    assert sum(0 if number == "No" else int(number) for number in numbers) == 150
    assert set(desk.engine.states().values()) == {"pending"}


async def test_a_viewer_is_refused_a_forged_form(
    client: httpx.AsyncClient, viewer: Account, desk: Desk
) -> None:
    add(desk, "1")

    asked = await client.get(f"{ACT}?action=delete", headers=viewer.headers)
    answer = await client.post(ACT, data={"action": "delete"}, headers=viewer.headers)

    assert (asked.status_code, answer.status_code) == (403, 403)
    assert desk.engine.states() == {"1": "retry"}


async def test_an_action_that_does_not_apply_is_refused(
    client: httpx.AsyncClient, admin: Account, desk: Desk
) -> None:
    add(desk, "1")

    asked = await client.get(f"{ACT}?action=cancel", headers=admin.headers)
    step = await client.post(ACT, data={"action": "cancel"}, headers=admin.headers)
    forged = await client.post(ACT, data={"action": "run", "cursor": "nonsense"}, headers=admin.headers)

    assert [answer.status_code for answer in (asked, step, forged)] == [422, 409, 422]
    assert desk.engine.states() == {"1": "retry"}


async def test_hostile_failures_are_text(client: httpx.AsyncClient, admin: Account, desk: Desk) -> None:
    hostile = "<script>alert(1)</script>\u202e\u0000"
    error = f"{hostile}: {hostile * 1000}"
    traceback = f'  File "{hostile}", line 1, in {hostile * 300}\n' * 3
    add(desk, hostile, name=hostile, error=error, frame=hostile, options={"traceback": traceback})

    listed = await client.get(LIST, headers=admin.headers)
    [address] = set(_LINK.findall(listed.text))
    shown = await client.get(address, headers=admin.headers)
    asked = await client.get(f"{address}/act?action=run", headers=admin.headers)

    for page in (listed, shown, asked):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "\u202e" not in page.text
        assert len(page.content) < 40_000
