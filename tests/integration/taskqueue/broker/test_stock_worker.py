"""Dramatiq's own Worker on the engine's broker."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import dramatiq
import pytest
from dramatiq.errors import QueueNotFound

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol import scripts
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import SHORT


@contextmanager
def stock_worker(broker: RedisBroker) -> Iterator[None]:
    worker = dramatiq.Worker(broker, worker_timeout=20, worker_threads=2)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def states(redis_url: str) -> list[str]:
    return [task.state for task in queued(redis_url)]


def test_a_failed_attempt_waits_in_redis_for_the_next(broker: RedisBroker, redis_url: str) -> None:
    attempts: list[bool] = []

    @dramatiq.actor(broker=broker, retry_delay=lambda *_: timedelta(milliseconds=300))
    def fail_once() -> None:
        attempts.append(True)
        if len(attempts) == 1:
            raise ConnectionError

    with stock_worker(broker):
        fail_once.send()
        eventually(lambda: states(redis_url) == ["retry"], within=5)

        eventually(lambda: len(attempts) == 2 and states(redis_url) == [], within=5)


def test_a_task_that_takes_longer_than_a_lease_keeps_it(broker: RedisBroker, redis_url: str) -> None:
    runs: list[bool] = []

    @dramatiq.actor(broker=broker)
    def take_long() -> None:
        runs.append(True)
        time.sleep(2.5 * SHORT.lease.total_seconds())

    with stock_worker(broker):
        take_long.send()
        eventually(lambda: len(runs) > 0 and states(redis_url) == [], within=5)

    assert runs == [True]


def test_archives_what_it_cannot_read_and_goes_on(broker: RedisBroker) -> None:
    ran: list[bool] = []

    @dramatiq.actor(broker=broker)
    def run() -> None:
        ran.append(True)

    broker.call(scripts.PUBLISH, [("default", "broken", scripts.text(b"no JSON"), 0, -1, {})])
    with stock_worker(broker):
        run.send()
        eventually(lambda: ran == [True], within=5)

    assert broker.client.zrange(f"{broker.namespace}:default:archived", 0, -1) == [b"broken"]


def test_consumes_only_queues_that_were_declared(broker: RedisBroker) -> None:
    with pytest.raises(QueueNotFound):
        broker.consume("unknown")
