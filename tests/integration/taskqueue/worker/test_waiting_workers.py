"""A worker that waits for a service takes nothing, until it is told that the service is back."""

import asyncio
import threading
from contextlib import closing

import dramatiq

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import connect
from internal.infrastructure.taskqueue.inspection.worker_registry import WorkerRegistry
from internal.infrastructure.taskqueue.worker.worker import Worker
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.engine import PREFIX
from tests.support.taskqueue.workers import broker_on, working


def waiting_for(redis_url: str) -> list[str | None]:
    async def read() -> list[str | None]:
        async with connect(redis_url) as client:
            return [worker.waits_for for worker in await WorkerRegistry(client, namespace=PREFIX).workers()]

    return asyncio.run(read())


def wait_for(worker: Worker, service: str | None, *, redis_url: str) -> None:
    worker.wait_for(service)
    eventually(lambda: service in waiting_for(redis_url), within=5)


def states(redis_url: str) -> list[str]:
    return [task.state for task in queued(redis_url)]


def test_a_waiting_worker_takes_nothing_and_goes_on(broker: RedisBroker, redis_url: str) -> None:
    ran = threading.Event()
    actor = dramatiq.actor(broker=broker, actor_name="run")(ran.set)

    with working(broker) as worker:
        wait_for(worker, "Postgres", redis_url=redis_url)
        actor.send()
        assert not ran.wait(0.5)
        assert states(redis_url) == ["pending"]

        worker.wait_for(None)
        assert ran.wait(1)
        eventually(lambda: waiting_for(redis_url) == [None], within=5)


def test_a_waiting_worker_leaves_tasks_to_others(broker: RedisBroker, redis_url: str) -> None:
    ran: list[str] = []
    everything = threading.Event()

    def run_on(name: str, broker: RedisBroker) -> dramatiq.Actor[[], None]:
        def run() -> None:
            ran.append(name)
            if len(ran) == 100:
                everything.set()

        return dramatiq.actor(broker=broker, actor_name="run")(run)

    actor = run_on("waits", broker)
    with closing(broker_on(redis_url)) as other_broker, working(broker) as worker:
        run_on("works", other_broker)
        wait_for(worker, "Postgres", redis_url=redis_url)
        with working(other_broker):
            for _ in range(100):
                actor.send()
            assert everything.wait(5)

    assert set(ran) == {"works"}


def test_unstarted_tasks_go_back_and_running_ones_continue(broker: RedisBroker, redis_url: str) -> None:
    begun, ends = threading.Event(), threading.Event()

    def run() -> None:
        begun.set()
        ends.wait(5)

    actor = dramatiq.actor(broker=broker, actor_name="run")(run)
    with working(broker, worker_threads=1) as worker:
        actor.send()
        assert begun.wait(5)
        actor.send()
        wait_for(worker, "Postgres", redis_url=redis_url)
        ends.set()
        eventually(lambda: states(redis_url) == ["pending"], within=5)


def test_a_drained_worker_does_not_resume_when_the_service_is_back(
    broker: RedisBroker, redis_url: str
) -> None:
    ran = threading.Event()
    actor = dramatiq.actor(broker=broker, actor_name="run")(ran.set)

    with working(broker) as worker:
        worker.pause()
        wait_for(worker, "Postgres", redis_url=redis_url)
        actor.send()
        wait_for(worker, None, redis_url=redis_url)
        assert not ran.wait(0.3)

        wait_for(worker, "Postgres", redis_url=redis_url)
        worker.resume()
        assert not ran.wait(0.3)

        worker.wait_for(None)
        assert ran.wait(1)
