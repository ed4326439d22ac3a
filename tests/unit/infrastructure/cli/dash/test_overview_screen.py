import asyncio
from datetime import timedelta

import pytest

from internal.infrastructure.cli.dash.live_screen import LiveScreen
from internal.ports.task_snapshots import QueueInfo
from internal.ports.unavailable import Unavailable
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.burning_installation import burning_installation
from tests.support.dash_terminal import dash_on
from tests.support.operator_terminal import FakeInstallation, a_task

pytestmark = pytest.mark.anyio


class Outage(FakeTaskInspector):
    is_away = False

    async def queues(self) -> list[QueueInfo]:
        if self.is_away:
            raise Unavailable("Redis cannot be reached: no answer in time")
        return list(await super().queues())


async def test_shows_the_problems_the_figures_and_the_keys_on_a_small_terminal() -> None:
    async with dash_on(await burning_installation()) as dash:
        await dash.sees("email:password-…")
        lines = dash.lines()

    assert all(len(line) < 80 for line in lines)
    assert lines[0].split()[0] == "Overview"
    assert [line.strip() for line in lines[2:5]] == [
        "! email:welcome fails in default: 14.4 % of 4,464 attempts in the last hour.",
        "! default has a task that has waited for 4m.",
        "! low is paused; 12 tasks wait.",
    ]
    assert "4,292 in 1h, 71.5/min" in lines[6]
    assert "646 in 1h, 13.1 %" in lines[7]
    assert "3 of 20 slots of 2 processes" in lines[9]
    assert lines[11].split()[:4] == ["QUEUE", "PENDING", "ACTIVE", "SCHED"]
    assert lines[11].split()[4:] == ["RETRY", "ARCHIVED", "OLDEST", "DONE/S", "ERRORS"]
    assert lines[13].split() == ["default", "38", "3", "0", "30", "16", "4m", "-", "11.2", "%"]
    assert lines[14].split() == ["low", "(paused)", "12", "0", "0", "0", "0", "4m", "-", "2.4", "%"]
    assert "12:00:00 UTC, every 0.05 s" in lines[-2]
    assert "? help  q quit" in lines[-1]


async def test_a_system_without_queues_is_healthy_and_says_what_would_be_here() -> None:
    async with dash_on(FakeInstallation()) as dash:
        shown = await dash.sees("There are no queues: nothing was published yet.")

    assert "! No worker is running; 0 tasks wait." in shown
    assert "No task has ended in the last hour." in shown


async def test_pauses_and_resumes_the_chosen_queue_after_a_question() -> None:
    installation = FakeInstallation()
    installation.inspector.add(a_task(), a_task("other", queue="low"))

    async with dash_on(installation) as dash:
        await dash.sees("low ")
        await dash.press("j", "P")
        await dash.sees("Pause the queue low?")
        await dash.press("n", "P")
        await dash.sees("Pause the queue low?")
        await dash.press("y")
        await dash.sees("low (paused)", "low: paused")
        await dash.press("P")
        await dash.sees("Resume the queue low?")
        await dash.press("y")
        await dash.sees("low: running")

    assert [(entry.name, entry.operator) for entry in installation.audit_trail.entries] == [
        ("tasks.pause_queue", "cli:ada@desk"),
        ("tasks.resume_queue", "cli:ada@desk"),
    ]


async def test_keeps_its_figures_while_redis_is_away_and_says_so_in_one_line() -> None:
    installation = FakeInstallation()
    installation.inspector = inspector = Outage(installation.clock)
    inspector.add(a_task())

    async with dash_on(installation) as dash:
        await dash.sees("default ")
        inspector.is_away = True
        installation.clock.advance(timedelta(seconds=5))
        shown = await dash.sees("! No answer: Redis cannot be reached. Figures of 12:00:00.")
        inspector.is_away = False
        installation.clock.advance(timedelta(seconds=5))
        await dash.sees("12:00:10 UTC")

    assert "! Redis does not answer. Sign-ups still work; tasks wait in the outbox." in shown
    assert "default " in shown


async def test_a_wide_terminal_shows_more() -> None:
    async with dash_on(await burning_installation(), size=(140, 40)) as dash:
        shown = await dash.sees("COMPLETED", "MEMORY", "RUN MAX", "DONE/S")

    assert "Postgres db:5432/app, Redis redis:6379/0" in shown


async def test_counts_the_problems_that_have_no_room() -> None:
    installation = FakeInstallation()
    for number in range(8):
        name = f"queue-{number}"
        installation.inspector.add(a_task(f"task-{number}", queue=name))
        await installation.inspector.pause(name)

    async with dash_on(installation) as dash:
        shown = await dash.sees("! 5 more problems.")

    assert "queue-2 is paused" in shown
    assert "! queue-3 is paused" not in shown


async def test_an_error_that_nobody_expected_ends_the_dashboard_without_showing_variables() -> None:
    class Broken(FakeTaskInspector):
        async def queues(self) -> list[QueueInfo]:
            raise LookupError("a bug")

    installation = FakeInstallation()
    installation.inspector = Broken(installation.clock)

    async with dash_on(installation) as dash:
        await dash.pilot.pause(0.1)
    failed = dash.app.return_value

    assert failed is not None
    assert isinstance(failed.error, LookupError)


@pytest.mark.long
async def test_goes_to_every_screen_and_back_and_quits() -> None:
    async with dash_on(await burning_installation()) as dash:
        for key, heading in (("f", "Failures"), ("w", "Workers"), ("o", "Overview"), ("w", "Workers")):
            await dash.press(key)
            await dash.sees(f" {heading} ")
        await dash.press("question_mark")
        await dash.sees("Every action asks first")
        await dash.press("escape")
        await dash.misses("Every action asks first")
        await dash.press("escape")
        await dash.sees(" Overview ")
        await dash.press("escape")
        await dash.sees(" Overview ")
        await dash.press("q")

    assert dash.app.return_code == 0


async def test_an_answer_that_comes_after_its_screen_is_gone_changes_nothing() -> None:
    async with dash_on(await burning_installation()) as dash:
        await dash.press("f")
        await dash.sees("email:welcome")
        failures = dash.app.screen
        await dash.app.pop_screen()
        await dash.sees(" Overview ")
        assert isinstance(failures, LiveScreen)
        failures.on_resize()

    assert dash.app.return_value is None


async def test_the_result_of_an_action_follows_the_operator_to_the_next_screen() -> None:
    may_end = asyncio.Event()

    class Patient(FakeTaskInspector):
        async def pause(self, name: str) -> bool:
            await may_end.wait()
            return await super().pause(name)

    installation = FakeInstallation()
    installation.inspector = Patient(installation.clock)
    installation.inspector.add(a_task())

    async with dash_on(installation) as dash:
        await dash.sees("default ")
        await dash.press("P")
        await dash.sees("Pause the queue default?")
        await dash.press("y", "w")
        await dash.sees(" Workers ")
        may_end.set()
        await dash.sees(" Workers ", "default: paused")
