from dataclasses import replace
from datetime import timedelta

import pytest

from internal.ports.task_snapshots import Attempt
from internal.ports.tasks import TaskState
from tests.fakes.clock import NOON
from tests.support.burning_installation import REFUSED, TRACEBACK
from tests.support.dash_terminal import Dash, dash_on
from tests.support.operator_terminal import FakeInstallation, a_task

pytestmark = pytest.mark.anyio

TASK = a_task(
    "task-1",
    TaskState.RETRY,
    retries=2,
    due=NOON + timedelta(minutes=5),
    failure=REFUSED,
    last_failed_at=NOON - timedelta(minutes=1),
    last_error="SMTPError: ada@example.com was refused",
    traceback=TRACEBACK,
    headers={"token": "secret-token", "request_id": "5f0c"},
    history=[Attempt(at=NOON, retries=1, error="SMTPError: ada@example.com was refused")],
)


def installation_with_task() -> FakeInstallation:
    installation = FakeInstallation()
    installation.inspector.add(TASK)
    return installation


async def open_task(dash: Dash) -> None:
    await dash.sees("default ")
    await dash.press("enter")
    await dash.sees("task-1")
    await dash.press("enter")
    await dash.sees("Task task-1")


async def test_shows_everything_and_masks_personal_data() -> None:
    async with dash_on(installation_with_task(), size=(100, 60)) as dash:
        await open_task(dash)
        shown = await dash.sees("state        retry", "retries      2/25", "SMTPConnectError")

    assert "due          2030-01-01T12:05:00+00:00 (in 5m)" in shown
    assert '"user_id": "e93ad238-1f7d-4f21-897f-7ec0d8fb3744"' in shown
    assert '"email": •••' in shown
    assert '"token": •••' in shown
    assert '"request_id": "5f0c"' in shown
    assert "ada@example.com" not in shown
    assert "secret-token" not in shown


@pytest.mark.long
async def test_reveals_personal_data_after_a_question_and_records_who_has_seen_it() -> None:
    installation = installation_with_task()

    async with dash_on(installation, size=(100, 60)) as dash:
        await open_task(dash)
        await dash.press("v")
        await dash.sees("Reveal the personal data of the task task-1?")
        await dash.press("y")
        await dash.sees('"email": "ada@example.com"', "secret-token", "The audit says who revealed it.")
        await dash.press("escape")
        await dash.sees("Queue default")
        await dash.press("enter")
        await dash.sees('"email": •••')

    [entry] = installation.audit_trail.entries
    assert (entry.name, entry.operator) == ("tasks.reveal_payload", "cli:ada@desk")
    assert (entry.details["ids"], entry.details["queue"]) == ("task-1", "default")


@pytest.mark.long
async def test_acts_on_the_task() -> None:
    installation = installation_with_task()

    async with dash_on(installation) as dash:
        await open_task(dash)
        await dash.press("a")
        await dash.sees("Archive the task email:welcome task-1?")
        await dash.press("y")
        await dash.sees("1 task is archived: task-1")
        await dash.press("d")
        await dash.sees("Delete the task email:welcome task-1?")
        await dash.press("y")
        await dash.sees("the queue default has no task task-1")


async def test_scrolls() -> None:
    async with dash_on(installation_with_task()) as dash:
        await open_task(dash)
        await dash.sees("id           task-1")
        await dash.press("j", "down", "k", "j")
        await dash.misses("id           task-1")
        await dash.press("k", "up")
        await dash.sees("id           task-1")


async def test_hides_a_message_that_cannot_be_read() -> None:
    installation = FakeInstallation()
    installation.inspector.add(replace(TASK, name=None, payload=None, raw=b'{"name": "Ada"' * 100))

    async with dash_on(installation, size=(100, 60)) as dash:
        await open_task(dash)
        shown = await dash.sees("raw message  hidden, 1.4 KiB")

    assert "Ada" not in shown
