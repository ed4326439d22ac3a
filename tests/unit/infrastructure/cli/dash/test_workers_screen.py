from dataclasses import replace
from datetime import timedelta

import pytest

from internal.ports.tasks import TaskState
from tests.support.burning_installation import QUIET, WORKER
from tests.support.dash_terminal import Dash, dash_on
from tests.support.operator_terminal import FakeInstallation, a_task

pytestmark = pytest.mark.anyio


def installation_with_workers() -> FakeInstallation:
    installation = FakeInstallation()
    for worker in (WORKER, QUIET):
        installation.inspector.add_worker(worker)
    installation.inspector.add(
        *(a_task(task.id, TaskState.ACTIVE, started_at=task.started_at) for task in WORKER.running)
    )
    return installation


async def open_workers(dash: Dash) -> None:
    await dash.sees("Overview")
    await dash.press("w")
    await dash.sees(" Workers ")


async def test_shows_the_slots_and_what_each_worker_runs() -> None:
    async with dash_on(installation_with_workers()) as dash:
        await open_workers(dash)
        shown = await dash.sees("2 processes, 3 of 20 slots busy")

    assert "worker-1:4711  up  ███░░░░░░░ 3/10  heard 2s ago  critical:6,default:3" in shown
    assert "worker-2:812  quiet  ░░░░░░░░░░ 0/10" in shown
    assert "9s  email:welcome  running-2  default" in shown


@pytest.mark.long
async def test_makes_a_worker_quiet_and_resumes_it() -> None:
    installation = installation_with_workers()

    async with dash_on(installation) as dash:
        await open_workers(dash)
        await dash.sees("worker-1:4711  up")
        await dash.press("P")
        await dash.sees("Quiet the worker worker-1:4711?")
        await dash.press("y")
        await dash.sees("worker-1:4711  quiet", "worker-1:4711: quiet with its next heartbeat")
        await dash.press("P")
        await dash.sees("Resume the worker worker-1:4711?")
        await dash.press("y")
        await dash.sees("worker-1:4711  up")

    assert [entry.name for entry in installation.audit_trail.entries] == [
        "tasks.quiet_worker",
        "tasks.resume_worker",
    ]


@pytest.mark.long
async def test_says_that_an_old_worker_cannot_be_made_quiet() -> None:
    installation = installation_with_workers()
    installation.inspector.too_old.add(WORKER.id)

    async with dash_on(installation) as dash:
        await open_workers(dash)
        await dash.sees("worker-1:4711  up")
        await dash.press("P")
        await dash.sees("Quiet the worker")
        await dash.press("y")
        await dash.sees("Not done: worker w-1 runs a version that cannot be made quiet")


async def test_cancels_and_opens_a_running_task() -> None:
    installation = installation_with_workers()

    async with dash_on(installation) as dash:
        await open_workers(dash)
        await dash.sees("running-0")
        await dash.press("c")
        await dash.sees("Choose a task to cancel.")
        await dash.press("j", "c")
        await dash.sees("Cancel the task email:welcome running-0?")
        await dash.press("y")
        await dash.sees("running-0: cancelling")
        await dash.press("enter")
        await dash.sees("Task running-0", "active, cancelling")


async def test_without_a_worker_it_says_how_to_start_one() -> None:
    async with dash_on(FakeInstallation()) as dash:
        await open_workers(dash)
        await dash.sees("No worker is up. Start one with: python -m cmd.worker")


async def test_shows_why_a_worker_takes_no_tasks() -> None:
    installation = FakeInstallation()
    running = [replace(WORKER.running[0], started_at=WORKER.running[0].started_at - timedelta(hours=2))]
    waiting = replace(WORKER, waits_for="Postgres", is_strict=True, running=running)
    installation.inspector.add_worker(waiting)

    async with dash_on(installation, size=(120, 24)) as dash:
        await open_workers(dash)
        await dash.sees("worker-1:4711  waits for Postgres  █░░", "strict", "2h")
