import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol

import msgspec
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.task_inspector import TaskNotFound
from internal.ports.task_results import NotEnded, TaskResult, TaskResults
from internal.ports.tasks import TaskState
from tests.fakes.task_results import FakeTaskResults
from tests.support.taskqueue.engine import Engine, Hand, engine_on

pytestmark = pytest.mark.anyio

HOUR = 3_600_000  # milliseconds
SOON = timedelta(seconds=5)
AT_ONCE = timedelta(milliseconds=50)
ID = "task"
QUEUE = "default"


class World(Protocol):
    """What happens to one task."""

    @property
    def results(self) -> TaskResults: ...

    def publish(self, *, kept: bool = True) -> None: ...
    def start(self) -> None: ...
    def progress(self, value: object) -> None: ...
    def fail(self, error: str) -> None: ...
    def complete(self, value: object) -> None: ...
    def archive(self, error: str) -> None: ...
    def delete(self) -> None: ...


class FakeWorld:
    def __init__(self) -> None:
        self.results = FakeTaskResults()
        self._value: object = None

    def _put(self, state: TaskState, error: str | None = None) -> None:
        self.results.put(QUEUE, ID, TaskResult(state=state, value=self._value, error=error))

    def publish(self, *, kept: bool = True) -> None:
        self._put(TaskState.PENDING)
        if not kept:
            self.results.not_kept.add(ID)

    def start(self) -> None:
        self._put(TaskState.ACTIVE)

    def progress(self, value: object) -> None:
        self._value = value
        self._put(TaskState.ACTIVE)

    def fail(self, error: str) -> None:
        self._put(TaskState.RETRY, error)

    def complete(self, value: object) -> None:
        self._value = value
        self._put(TaskState.COMPLETED)

    def archive(self, error: str) -> None:
        self._put(TaskState.ARCHIVED, error)

    def delete(self) -> None:
        self.results.put(QUEUE, ID, None)


class RedisWorld:
    def __init__(self, engine: Engine, results: TaskResults) -> None:
        self.results = results
        self._engine = engine
        self._hand = Hand(engine)
        self._delivery: Delivery | None = None

    def publish(self, *, kept: bool = True) -> None:
        self._engine.publish(ID, queue=QUEUE, options={"retention": HOUR} if kept else {})

    def start(self) -> None:
        [self._delivery] = self._hand.fetch()

    def _settle(self, outcome: Outcome) -> None:
        assert self._delivery is not None
        assert self._hand.settle(self._delivery, outcome) == set()

    def progress(self, value: object) -> None:
        self._settle(Outcome(Kind.PROGRESS, note=msgspec.json.encode(value)))

    def fail(self, error: str) -> None:
        self._settle(Outcome(Kind.RETRY, HOUR, note=note(error)))

    def complete(self, value: object) -> None:
        self._settle(Outcome(Kind.DONE, HOUR, note=msgspec.json.encode(value)))

    def archive(self, error: str) -> None:
        self._settle(Outcome(Kind.ARCHIVED, note=note(error)))

    def delete(self) -> None:
        self._engine.call(scripts.FLUSH, [QUEUE])


def note(error: str) -> bytes:
    return msgspec.json.encode({"retries": 0, "error": error})


@pytest.fixture(params=["fake", "redis"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    container: Container = request.getfixturevalue("container")
    with engine_on(request.getfixturevalue("redis_url")) as engine:
        yield RedisWorld(engine, container.taskqueue.results())


async def test_tells_how_far_a_task_is(world: World) -> None:
    world.publish()
    pending = await world.results.result(QUEUE, ID)
    world.start()
    world.progress({"percent": 50})

    assert pending == TaskResult(state=TaskState.PENDING)
    assert await world.results.result(QUEUE, ID) == TaskResult(state=TaskState.ACTIVE, value={"percent": 50})


async def test_tells_what_went_wrong(world: World) -> None:
    world.publish()
    world.start()
    world.fail("OSError: no route")

    result = await world.results.result(QUEUE, ID)

    assert (result.state, result.error, result.has_ended) == (TaskState.RETRY, "OSError: no route", False)


async def test_waits_until_a_task_is_done(world: World) -> None:
    world.publish()
    world.start()
    waiting = asyncio.create_task(world.results.wait(QUEUE, ID, within=SOON))
    await asyncio.sleep(0.1)
    assert not waiting.done()

    world.complete([1, 2])

    assert await waiting == TaskResult(state=TaskState.COMPLETED, value=[1, 2])


async def test_waits_until_a_task_is_given_up(world: World) -> None:
    world.publish()
    world.start()
    waiting = asyncio.create_task(world.results.wait(QUEUE, ID, within=SOON))
    await asyncio.sleep(0.05)

    world.archive("ValueError: hopeless")

    assert await waiting == TaskResult(state=TaskState.ARCHIVED, error="ValueError: hopeless")


async def test_a_task_that_has_ended_is_not_waited_for(world: World) -> None:
    world.publish()
    world.start()
    world.complete(None)

    assert (await world.results.wait(QUEUE, ID, within=AT_ONCE)).has_ended


async def test_a_task_may_appear_while_it_is_waited_for(world: World) -> None:
    waiting = asyncio.create_task(world.results.wait(QUEUE, ID, within=SOON))
    await asyncio.sleep(0.05)

    world.publish()
    world.start()
    world.complete("late")

    assert (await waiting).value == "late"


async def test_says_that_a_task_has_not_ended_in_time(world: World) -> None:
    world.publish()
    world.start()

    with pytest.raises(NotEnded):
        await world.results.wait(QUEUE, ID, within=AT_ONCE)


async def test_a_missing_task_is_an_error(world: World) -> None:
    with pytest.raises(TaskNotFound):
        await world.results.result(QUEUE, ID)
    with pytest.raises(TaskNotFound):
        await world.results.wait(QUEUE, ID, within=AT_ONCE)


async def test_a_task_that_is_deleted_is_no_longer_waited_for(world: World) -> None:
    world.publish()
    waiting = asyncio.create_task(world.results.wait(QUEUE, ID, within=SOON))
    await asyncio.sleep(0.05)

    world.delete()

    with pytest.raises(TaskNotFound):
        await waiting


async def test_a_task_that_is_not_kept_cannot_be_waited_for(world: World) -> None:
    world.publish(kept=False)

    with pytest.raises(ValueError, match="retention"):
        await world.results.wait(QUEUE, ID, within=SOON)
