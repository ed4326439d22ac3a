"""What workers write down of themselves."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dramatiq
import pytest

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import connect
from internal.infrastructure.taskqueue.inspection.worker_registry import WorkerRegistry
from internal.ports.task_snapshots import WorkerInfo
from internal.ports.tasks import TaskState
from tests.support.full_redis import full
from tests.support.polling import eventually
from tests.support.taskqueue.engine import PREFIX
from tests.support.taskqueue.inspectors import inspector_on
from tests.support.taskqueue.workers import broker_on, working


@pytest.fixture
def workers(redis_url: str) -> Callable[[], list[WorkerInfo]]:
    async def read() -> list[WorkerInfo]:
        async with connect(redis_url) as client:
            return list(await WorkerRegistry(client, namespace=PREFIX).workers())

    return lambda: asyncio.run(read())


Workers = Callable[[], list[WorkerInfo]]


def is_recent(moment: datetime) -> bool:
    return abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_a_worker_tells_who_it_is_until_it_ends(broker: RedisBroker, workers: Workers) -> None:
    weights = {"default": 3, "low": 1}

    with working(broker, worker_threads=5, weights=weights, strict=True):
        eventually(lambda: len(workers()) == 1, within=5)
        [worker] = workers()
    afterwards = workers()

    assert (worker.host, worker.pid) == (socket.gethostname(), os.getpid())
    assert (worker.concurrency, worker.queues, worker.is_strict) == (5, weights, True)
    assert (worker.is_draining, list(worker.running)) == (False, [])
    assert is_recent(worker.started_at)
    assert is_recent(worker.heard_at)
    assert afterwards == []


@pytest.mark.parametrize("is_async", [True, False])
def test_a_worker_tells_what_it_runs(
    broker: RedisBroker, workers: Workers, redis_url: str, *, is_async: bool
) -> None:
    ends = threading.Event()

    async def run() -> None:
        while not ends.is_set():  # noqa: ASYNC110 - the test says so from another thread
            await asyncio.sleep(0.01)

    actor = dramatiq.actor(broker=broker, actor_name="run")(run if is_async else ends.wait)

    async def look(task_id: str) -> tuple[object, ...]:
        async with inspector_on(redis_url) as inspector:
            task = await inspector.task("default", task_id)
            page = await inspector.tasks("default", TaskState.ACTIVE)
            return task.worker, task.started_at, [shown.started_at for shown in page.tasks]

    with working(broker):
        task_id = actor.send().options["redis_message_id"]
        eventually(lambda: [len(worker.running) for worker in workers()] == [1], within=5)
        [worker] = workers()
        [running] = worker.running
        seen = asyncio.run(look(task_id))
        ends.set()
        eventually(lambda: [len(worker.running) for worker in workers()] == [0], within=5)

    assert (running.id, running.queue, running.name) == (task_id, "default", "run")
    assert running.deadline is None
    assert is_recent(running.started_at)
    assert seen == (worker.name, running.started_at, [running.started_at])


def test_a_worker_tells_that_it_drains(broker: RedisBroker, workers: Workers) -> None:
    with working(broker) as worker:
        eventually(lambda: len(workers()) == 1, within=5)
        worker.pause()
        eventually(lambda: [worker.is_draining for worker in workers()] == [True], within=5)
        worker.resume()
        eventually(lambda: [worker.is_draining for worker in workers()] == [False], within=5)


def test_an_operator_makes_a_worker_quiet_and_resumes_it(
    broker: RedisBroker, workers: Workers, redis_url: str
) -> None:
    done: list[int] = []

    @dramatiq.actor(broker=broker)
    async def work(number: int) -> None:
        done.append(number)

    async def ask(*, quiet: bool) -> None:
        async with inspector_on(redis_url) as inspector:
            [worker] = await inspector.workers()
            await (inspector.quiet_worker if quiet else inspector.resume_worker)(worker.id)

    with working(broker):
        work.send(1)
        eventually(lambda: done == [1], within=5)
        asyncio.run(ask(quiet=True))
        eventually(lambda: [worker.is_quiet for worker in workers()] == [True], within=5)
        [quiet] = workers()
        work.send(2)
        time.sleep(0.5)
        in_between = list(done)
        asyncio.run(ask(quiet=False))
        eventually(lambda: done == [1, 2], within=5)
        eventually(lambda: [worker.is_quiet for worker in workers()] == [False], within=5)

    assert in_between == [1]
    assert not quiet.is_draining
    assert not broker.client.keys(f"{PREFIX}:quiet:*")


def test_a_quiet_worker_stays_quiet_through_a_silence(
    broker: RedisBroker, workers: Workers, redis_url: str
) -> None:
    async def quiet() -> None:
        async with inspector_on(redis_url) as inspector:
            await inspector.quiet_worker((await inspector.workers())[0].id)

    with working(broker):
        eventually(lambda: len(workers()) == 1, within=5)
        asyncio.run(quiet())
        eventually(lambda: [worker.is_quiet for worker in workers()] == [True], within=5)
        broker.client.delete(f"{PREFIX}:worker:{workers()[0].id}")
        eventually(lambda: [worker.is_quiet for worker in workers()] == [True], within=5)


def test_a_worker_that_is_silent_for_a_lease_is_gone(broker: RedisBroker, workers: Workers) -> None:
    stuck = threading.Event()
    looked = threading.Event()

    @dramatiq.actor(broker=broker)
    async def block() -> None:
        stuck.set()
        looked.wait(10)  # the whole loop does

    with working(broker):
        eventually(lambda: len(workers()) == 1, within=5)
        block.send()
        eventually(stuck.is_set, within=5)
        eventually(lambda: workers() == [], within=5)
        looked.set()
        eventually(lambda: len(workers()) == 1, within=5)


def test_a_worker_is_up_although_redis_is_full(broker: RedisBroker, workers: Workers, redis_url: str) -> None:
    with full(redis_url), working(broker):
        eventually(lambda: len(workers()) == 1, within=5)


def test_several_are_told_apart(broker: RedisBroker, workers: Workers, redis_url: str) -> None:
    other = broker_on(redis_url)

    with working(broker), working(other):
        eventually(lambda: len({worker.id for worker in workers()}) == 2, within=5)
    other.close()


@pytest.mark.anyio
async def test_the_queues_that_a_worker_serves_exist(broker: RedisBroker, redis_url: str) -> None:
    async with inspector_on(redis_url) as inspector:

        def serve() -> None:
            with working(broker, weights={"default": 3, "low": 1}):
                eventually(lambda: broker.client.scard(f"{PREFIX}:queues") == 2, within=5)

        await asyncio.to_thread(serve)

        assert [(queue.name, queue.size) for queue in await inspector.queues()] == [
            ("default", 0),
            ("low", 0),
        ]
