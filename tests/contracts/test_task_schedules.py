"""The part of the TaskInspector that is about periodic tasks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from internal.infrastructure.taskqueue.connections.connection import connect
from internal.infrastructure.taskqueue.inspection.inspector import RedisTaskInspector
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.scheduling.periodic import PeriodicTask
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_schedules import EqualTaskExists, ScheduleNotFound
from internal.ports.task_snapshots import ScheduleInfo
from internal.ports.tasks import TaskOptions
from tests.fakes.clock import FakeClock
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.schedulers import QUEUE, Tick, schedule_inspector_on
from tests.support.taskqueue.engine import PREFIX, engine_on

pytestmark = pytest.mark.anyio

DAY = 86_400_000  # milliseconds


@dataclass(frozen=True)
class Office:
    """There are the schedules `tick` and `tock`. `occupy_tock` stores a task equal to the one of `tock`."""

    inspector: TaskInspector
    occupy_tock: Callable[[], Awaitable[object]]

    async def is_paused(self, name: str) -> bool:
        [schedule] = [one for one in await self.inspector.schedules() if one.name == name]
        return schedule.is_paused


def in_memory() -> Office:
    inspector = FakeTaskInspector(FakeClock())
    for name in ("tick", "tock"):
        inspector.add_schedule(
            ScheduleInfo(
                name=name,
                spec="@daily",
                time_zone="UTC",
                task_name=Tick.task_name,
                queue=QUEUE,
                last=None,
                next=None,
            )
        )

    async def occupy_tock() -> None:
        inspector.in_the_way["tock"] = "other"

    return Office(inspector, occupy_tock)


@pytest.fixture(params=["fake", "redis"])
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    if request.param == "fake":
        yield in_memory()
        return
    redis_url: str = request.getfixturevalue("redis_url")
    unique = TaskOptions(queue=QUEUE, unique_for=timedelta(hours=1))
    schedules = schedule_inspector_on(
        redis_url,
        PeriodicTask(name="tick", spec="@daily", task=Tick()),
        PeriodicTask(name="tock", spec="@daily", task=Tick(), options=unique),
    )
    with engine_on(redis_url) as engine:
        entries = [(name, "@daily", "UTC", Tick.task_name, QUEUE) for name in ("tick", "tock")]
        engine.call(scripts.ANNOUNCE_SCHEDULE, (DAY, 100, 0, entries))
        async with connect(redis_url) as client:
            inspector = RedisTaskInspector(
                client, namespace=PREFIX, timing=Timing(), completion_log=None, schedules=schedules
            )
            yield Office(inspector, lambda: inspector.run_schedule("tock"))
    await schedules.close()


async def test_a_schedule_is_paused_and_resumed_once(office: Office) -> None:
    answers = [await office.inspector.pause_schedule("tick") for _ in range(2)]
    while_paused = await office.is_paused("tick"), await office.is_paused("tock")
    answers += [await office.inspector.resume_schedule("tick") for _ in range(2)]

    assert answers == [True, False, True, False]
    assert while_paused == (True, False)
    assert not await office.is_paused("tick")


async def test_a_schedule_runs_now(office: Office) -> None:
    first = await office.inspector.run_schedule("tick")
    second = await office.inspector.run_schedule("tick")

    runs = await office.inspector.schedule_history("tick")
    assert [run.task_id for run in runs] == [second, first]
    assert first != second
    assert first.startswith("tick:")


async def test_a_paused_schedule_runs_now(office: Office) -> None:
    await office.inspector.pause_schedule("tick")

    task_id = await office.inspector.run_schedule("tick")

    assert [run.task_id for run in await office.inspector.schedule_history("tick")] == [task_id]
    assert await office.is_paused("tick")


async def test_an_equal_task_is_in_the_way(office: Office) -> None:
    await office.occupy_tock()

    with pytest.raises(EqualTaskExists, match="an equal task exists: "):
        await office.inspector.run_schedule("tock")


async def test_a_missing_schedule_is_an_error(office: Office) -> None:
    inspector = office.inspector

    for question in (
        inspector.run_schedule("none"),
        inspector.pause_schedule("none"),
        inspector.resume_schedule("none"),
        inspector.schedule_history("none"),
    ):
        with pytest.raises(ScheduleNotFound):
            await question
