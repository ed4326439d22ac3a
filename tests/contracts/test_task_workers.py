"""The part of the TaskInspector that is about workers."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_snapshots import WorkerInfo
from internal.ports.task_workers import WorkerNotFound, WorkerTooOld
from tests.fakes.clock import FakeClock
from tests.fakes.task_inspector import FakeTaskInspector
from tests.support.taskqueue.engine import engine_on
from tests.support.taskqueue.inspectors import inspector_on

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Office:
    """`register` lets a worker with this id come up; one of an older version if the id begins with "old"."""

    inspector: TaskInspector
    register: Callable[[str], None]


def in_memory() -> Office:
    inspector = FakeTaskInspector(FakeClock())

    def register(worker_id: str) -> None:
        now = datetime.now(UTC)
        inspector.add_worker(
            WorkerInfo(
                id=worker_id,
                host="host",
                pid=1,
                started_at=now,
                heard_at=now,
                concurrency=1,
                queues={"default": 1},
                is_strict=False,
                is_draining=False,
                running=[],
            )
        )
        if worker_id.startswith("old"):
            inspector.too_old.add(worker_id)

    return Office(inspector, register)


@pytest.fixture(params=["fake", "redis"])
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    if request.param == "fake":
        yield in_memory()
        return
    redis_url: str = request.getfixturevalue("redis_url")
    with engine_on(redis_url) as engine:

        def register(worker_id: str) -> None:
            fields = {"host": "host", "pid": 1, "concurrency": 1, "strict": 0, "queues": '{"default":1}'}
            fields |= {"draining": 0, "waits_for": ""} | ({} if worker_id.startswith("old") else {"quiet": 0})
            row = [item for pair in fields.items() for item in pair]
            engine.call(scripts.REGISTER, (worker_id, 15_000, row, ["default"]))

        async with inspector_on(redis_url) as inspector:
            yield Office(inspector, register)


async def test_a_worker_is_made_quiet_and_resumed_once(office: Office) -> None:
    office.register("one")

    answers = [await office.inspector.quiet_worker("one") for _ in range(2)]
    answers += [await office.inspector.resume_worker("one") for _ in range(2)]

    assert answers == [True, False, True, False]


async def test_other_workers_stay_as_they_are(office: Office) -> None:
    office.register("one")
    office.register("two")

    await office.inspector.quiet_worker("one")

    assert await office.inspector.resume_worker("two") is False
    assert not next(worker for worker in await office.inspector.workers() if worker.id == "two").is_quiet


async def test_a_missing_worker_is_an_error(office: Office) -> None:
    with pytest.raises(WorkerNotFound):
        await office.inspector.quiet_worker("none")
    with pytest.raises(WorkerNotFound):
        await office.inspector.resume_worker("none")


async def test_a_worker_of_an_older_version_refuses(office: Office) -> None:
    office.register("old")

    with pytest.raises(WorkerTooOld):
        await office.inspector.quiet_worker("old")
    with pytest.raises(WorkerTooOld):
        await office.inspector.resume_worker("old")
