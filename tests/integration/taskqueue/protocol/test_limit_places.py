"""A limit's free place goes to a task that can start: its queue is not paused and a live worker serves it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import uuid4

import dramatiq
import pytest

from internal.infrastructure.clock import SystemClock
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import pool_of
from internal.infrastructure.taskqueue.inspection.inspector import RedisTaskInspector
from internal.infrastructure.taskqueue.publishing.enqueuer import Enqueuer
from internal.infrastructure.taskqueue.publishing.publisher import DramatiqTaskPublisher
from internal.infrastructure.taskqueue.worker.queue_shares import QueueLimit
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.ports.task_inspector import TaskAction
from internal.ports.tasks import Rate, TaskOptions, TaskState
from tests.support.queue_contents import queued
from tests.support.taskqueue.engine import PREFIX, WEIGHTS
from tests.support.taskqueue.inspectors import inspector_on
from tests.support.taskqueue.workers import working

pytestmark = pytest.mark.anyio

WITHIN = 8.0  # seconds; waiting tasks look for themselves after a minute
AT_ONCE = TaskOptions(limit_key="tenant", max_running=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    task_name: ClassVar[str] = "test:piece"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    name: str


class Work:
    """An actor that writes down what it has started; the pieces of `held` go on until they are let go."""

    def __init__(self, broker: RedisBroker) -> None:
        self.started: list[str] = []
        self.held: set[str] = set()
        dramatiq.actor(actor_name=Piece.task_name, broker=broker)(self._run)

    async def _run(self, name: str) -> None:
        self.started.append(name)
        while name in self.held:  # noqa: ASYNC110 - the test says so from another thread
            await asyncio.sleep(0.01)

    async def until_started(self, *names: str) -> None:
        await until(lambda: set(names) <= set(self.started))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():  # noqa: ASYNC110 - workers in other threads bring it about
            await asyncio.sleep(0.01)


@pytest.fixture
def work(broker: RedisBroker) -> Work:
    return Work(broker)


@pytest.fixture
async def inspector(redis_url: str) -> AsyncIterator[RedisTaskInspector]:
    async with inspector_on(redis_url) as inspector:
        yield inspector


@pytest.fixture
async def publisher(redis_url: str) -> AsyncIterator[DramatiqTaskPublisher]:
    publisher = DramatiqTaskPublisher(
        enqueuer=Enqueuer(pool_of(redis_url), namespace=PREFIX),
        encoder=TaskEncoder(codec=TaskCodec([Piece]), new_id=uuid4),
        queues=tuple(WEIGHTS),
        clock=SystemClock(),
    )
    yield publisher
    await publisher.close()


async def publish(
    publisher: DramatiqTaskPublisher, queue: str, names: Sequence[str], options: TaskOptions = AT_ONCE
) -> None:
    for name in names:
        await publisher.publish_many(
            [(Piece(name=name), options.override({"queue": queue, "task_id": name}))]
        )


async def until_waiting(redis_url: str, *names: str) -> None:
    await until(lambda: set(names) <= {task.id for task in queued(redis_url) if task.state == "scheduled"})


CRITICAL = [f"critical-{number}" for number in range(10)]
DEFAULT = [f"default-{number}" for number in range(10)]


async def test_a_paused_queue_holds_up_no_other_of_its_limit(
    broker: RedisBroker,
    work: Work,
    publisher: DramatiqTaskPublisher,
    inspector: RedisTaskInspector,
    redis_url: str,
) -> None:
    work.held.add(CRITICAL[0])
    await publish(publisher, "critical", CRITICAL)
    with working(broker, weights=WEIGHTS):
        await work.until_started(CRITICAL[0])
        await publish(publisher, "default", DEFAULT)
        await until_waiting(redis_url, *CRITICAL[1:], *DEFAULT)

        await inspector.pause("critical")
        work.held.clear()
        await work.until_started(*DEFAULT)
        started_meanwhile = list(work.started)
        await inspector.resume("critical")
        await work.until_started(*CRITICAL)

    assert started_meanwhile == [CRITICAL[0], *DEFAULT]
    assert work.started == [CRITICAL[0], *DEFAULT, *CRITICAL[1:]]


async def test_a_paused_queue_holds_up_no_other_of_its_rate(
    broker: RedisBroker,
    work: Work,
    publisher: DramatiqTaskPublisher,
    inspector: RedisTaskInspector,
    redis_url: str,
) -> None:
    rate = TaskOptions(limit_key="tenant", rate=Rate(1, timedelta(milliseconds=400)))
    await publish(publisher, "critical", CRITICAL, rate)
    with working(broker, weights=WEIGHTS):
        await work.until_started(CRITICAL[0])
        await publish(publisher, "default", DEFAULT[:3], rate)
        await until_waiting(redis_url, *DEFAULT[:3])

        await inspector.pause("critical")
        before = list(work.started)
        await work.until_started(*DEFAULT[:3])

    assert work.started == [*before, *DEFAULT[:3]]
    assert len(before) < len(CRITICAL)


async def test_a_queue_that_nobody_serves_any_more_holds_up_no_other(
    broker: RedisBroker, work: Work, publisher: DramatiqTaskPublisher, redis_url: str
) -> None:
    work.held.add(CRITICAL[0])
    await publish(publisher, "critical", CRITICAL)
    with working(broker, weights=WEIGHTS) as both, working(broker, weights={"default": 1}):
        await work.until_started(CRITICAL[0])
        await publish(publisher, "default", DEFAULT)
        await until_waiting(redis_url, *CRITICAL[1:], *DEFAULT)

        both.pause()
        work.held.clear()
        await work.until_started(*DEFAULT)

    assert work.started == [CRITICAL[0], *DEFAULT]


async def test_a_queue_whose_worker_is_busy_holds_up_no_other(
    broker: RedisBroker, work: Work, publisher: DramatiqTaskPublisher, redis_url: str
) -> None:
    work.held |= {DEFAULT[0], "busy"}
    await publish(publisher, "low", DEFAULT[:1])
    with (
        working(broker, weights={"low": 1}),
        working(broker, weights={"critical": 1}, worker_threads=1),
    ):
        await work.until_started(DEFAULT[0])
        await publish(publisher, "critical", CRITICAL[:1])
        await until_waiting(redis_url, CRITICAL[0])
        await publish(publisher, "critical", ["busy"], TaskOptions())
        await work.until_started("busy")
        await publish(publisher, "low", DEFAULT[1:2])
        await until_waiting(redis_url, DEFAULT[1])

        work.held.remove(DEFAULT[0])
        await work.until_started(DEFAULT[1])
        work.held.clear()
        await work.until_started(CRITICAL[0])

    assert work.started == [DEFAULT[0], "busy", DEFAULT[1], CRITICAL[0]]


@pytest.mark.parametrize("busy_by", ["its worker's slots", "the limit of its queue"])
async def test_a_queue_that_is_busy_holds_up_no_other_of_its_rate(
    broker: RedisBroker, work: Work, publisher: DramatiqTaskPublisher, busy_by: str
) -> None:
    rate = TaskOptions(limit_key="tenant", rate=Rate(1, timedelta(milliseconds=300)))
    slots = 1 if busy_by == "its worker's slots" else 4
    work.held.add("busy")
    with (
        working(broker, weights={"low": 1}),
        working(
            broker,
            weights={"critical": 1},
            worker_threads=slots,
            limits={"critical": QueueLimit(max_running=1)},
        ),
    ):
        await publish(publisher, "critical", CRITICAL[:5], rate)
        await work.until_started(CRITICAL[0])
        await publish(publisher, "critical", ["busy"], TaskOptions())
        await work.until_started("busy")
        before = list(work.started)

        await publish(publisher, "low", DEFAULT[:2], rate)
        await work.until_started(*DEFAULT[:2])
        started_meanwhile = list(work.started)
        work.held.clear()
        await work.until_started(*CRITICAL[:5])

    assert started_meanwhile == [*before, *DEFAULT[:2]]
    assert len(before) < len(CRITICAL[:5])


@pytest.mark.parametrize("action", [TaskAction.DELETE, TaskAction.ARCHIVE])
async def test_a_task_that_is_gone_before_it_takes_its_place_leaves_it_to_the_next(
    broker: RedisBroker,
    work: Work,
    publisher: DramatiqTaskPublisher,
    inspector: RedisTaskInspector,
    redis_url: str,
    action: TaskAction,
) -> None:
    work.held |= {"first", "busy"}
    await publish(publisher, "low", ["first"])
    with working(broker, weights={"low": 1}), working(broker, weights={"default": 1}, worker_threads=1):
        await work.until_started("first")
        await publish(publisher, "default", DEFAULT[:2])
        await until_waiting(redis_url, *DEFAULT[:2])
        await publish(publisher, "default", ["busy"], TaskOptions())
        await work.until_started("busy")
        work.held.remove("first")
        await until(lambda: "first" not in {task.id for task in queued(redis_url)})

        [state] = [task.state for task in queued(redis_url) if task.id == DEFAULT[0]]
        result = await inspector.act(action, "default", [DEFAULT[0]])
        work.held.clear()
        await work.until_started(DEFAULT[1])

    assert (TaskState(state), result.refused) == (TaskState.PENDING, {})
    assert work.started == ["first", "busy", DEFAULT[1]]


async def test_a_strict_worker_gives_a_place_to_the_heavier_queue(
    broker: RedisBroker, work: Work, publisher: DramatiqTaskPublisher, redis_url: str
) -> None:
    backlog = [f"backlog-{number}" for number in range(3)]
    work.held |= {DEFAULT[0], *backlog}
    await publish(publisher, "default", DEFAULT[:2])
    with working(broker, weights=WEIGHTS, strict=True):
        await work.until_started(DEFAULT[0])
        await until_waiting(redis_url, DEFAULT[1])
        await publish(publisher, "critical", CRITICAL[:1])
        await until_waiting(redis_url, CRITICAL[0])

        await publish(publisher, "critical", backlog, TaskOptions())
        work.held.remove(DEFAULT[0])
        await work.until_started(CRITICAL[0])
        work.held.clear()
        await work.until_started(DEFAULT[1])

    assert work.started.index(CRITICAL[0]) < work.started.index(DEFAULT[1])


async def test_who_comes_later_does_not_overtake_who_waits_in_another_queue(
    broker: RedisBroker, work: Work, publisher: DramatiqTaskPublisher, redis_url: str
) -> None:
    work.held.add(DEFAULT[0])
    await publish(publisher, "low", DEFAULT[:2])
    with working(broker, weights=WEIGHTS) as worker:
        await work.until_started(DEFAULT[0])
        await until_waiting(redis_url, DEFAULT[1])
        worker.pause()
        await publish(publisher, "critical", CRITICAL[:1])
        work.held.clear()
        await until(lambda: DEFAULT[0] not in {task.id for task in queued(redis_url)})

        worker.resume()
        await work.until_started(DEFAULT[1], CRITICAL[0])

    assert work.started == [DEFAULT[0], DEFAULT[1], CRITICAL[0]]


async def test_a_worker_that_waits_for_a_service_serves_no_queue(
    broker: RedisBroker, work: Work, publisher: DramatiqTaskPublisher, redis_url: str
) -> None:
    work.held.add(CRITICAL[0])
    await publish(publisher, "critical", CRITICAL)
    with (
        working(broker, weights={"critical": 1}, worker_threads=1) as waiting,
        working(broker, weights={"default": 1}, worker_threads=1),
    ):
        await work.until_started(CRITICAL[0])
        await publish(publisher, "default", DEFAULT)
        await until_waiting(redis_url, *DEFAULT)

        waiting.wait_for("Postgres")
        work.held.clear()
        await work.until_started(*DEFAULT)
        started_meanwhile = list(work.started)
        waiting.wait_for(None)
        await work.until_started(*CRITICAL)

    assert started_meanwhile == [CRITICAL[0], *DEFAULT]
