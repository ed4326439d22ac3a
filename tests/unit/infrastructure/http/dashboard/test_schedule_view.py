from datetime import timedelta

import pytest

from internal.infrastructure.http.dashboard.schedule_view import view_of
from internal.ports.task_snapshots import ScheduledRun, ScheduleInfo
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.task_inspector import FakeTaskInspector

pytestmark = pytest.mark.anyio


def schedule(spec: str) -> ScheduleInfo:
    return ScheduleInfo(
        name="daily", spec=spec, time_zone="UTC", task_name="report", queue="low", last=None, next=None
    )


async def test_lists_the_next_five_slots_and_the_last_runs() -> None:
    tasks = FakeTaskInspector(FakeClock())
    info = schedule("@daily")
    run = ScheduledRun(task_id="daily:1", slot=NOON, published_at=NOON)
    tasks.add_schedule(info, [run])

    view = await view_of(info, tasks, now=NOON)

    assert view.words == "At 00:00 every day"
    assert len(view.upcoming) == 5
    assert view.upcoming[4] - view.upcoming[0] == timedelta(days=4)
    assert (view.runs, view.state) == ([run], None)


async def test_the_schedule_of_a_newer_worker_has_no_words() -> None:
    view = await view_of(schedule("@fullmoon"), FakeTaskInspector(FakeClock()), now=NOON)

    assert (view.words, view.upcoming, view.runs) == ("", [], [])
