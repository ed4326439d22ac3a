"""A worker whose lease has lapsed while it goes on: another run of the task counts, not the first."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dramatiq

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import SHORT, broker_on, working

LEASE = SHORT.lease.total_seconds()


class Runs:
    """The outcome of each run of one task, in order."""

    def __init__(self) -> None:
        self.ended: dict[int, str] = {}
        self.started = 0

    async def run(self, seconds: float) -> None:
        self.started += 1
        number = self.started
        with self._written_down(number):
            await asyncio.sleep(seconds)

    @contextmanager
    def _written_down(self, number: int) -> Iterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            self.ended[number] = "cancelled"
            raise
        self.ended[number] = "done"


def lapse(broker: RedisBroker) -> None:
    """As if the worker had been silent for a lease; and wake one that looks, before the lease is extended."""
    queue = f"{broker.namespace}:default"
    ids: Any = broker.client.hkeys(f"{queue}:tokens")
    with broker.client.pipeline() as at_once:
        at_once.zadd(f"{queue}:active", {ids[0]: 1}, xx=True)
        at_once.lpush(f"{queue}:wake", 1)
        at_once.execute()


def test_a_run_whose_task_another_worker_has_is_cancelled_and_changes_nothing(
    broker: RedisBroker, redis_url: str
) -> None:
    first, second = Runs(), Runs()
    other = broker_on(redis_url)
    run = dramatiq.actor(broker=broker, actor_name="run")(first.run)
    dramatiq.actor(broker=other, actor_name="run")(second.run)

    with working(broker, worker_threads=1):
        run.send(2 * LEASE)
        eventually(lambda: first.started == 1, within=5)
        with working(other, worker_threads=1) as worker:
            lapse(broker)
            eventually(lambda: second.started == 1, within=5)
            worker.join()
    other.close()

    assert (first.ended, second.ended) == ({1: "cancelled"}, {1: "done"})
    assert queued(redis_url) == []


def test_a_worker_that_gets_its_own_lost_task_again_keeps_the_two_runs_apart(
    broker: RedisBroker, redis_url: str
) -> None:
    runs = Runs()
    run = dramatiq.actor(broker=broker, actor_name="run")(runs.run)

    with working(broker, worker_threads=2) as worker:
        run.send(3 * LEASE)
        eventually(lambda: runs.started == 1, within=5)
        lapse(broker)
        eventually(lambda: runs.started == 2, within=5)
        worker.join()

    assert runs.ended == {1: "cancelled", 2: "done"}
    assert queued(redis_url) == []
