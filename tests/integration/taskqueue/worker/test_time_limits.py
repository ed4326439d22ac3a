"""Timeouts and deadlines on the engine's Worker."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import dramatiq
import pytest
from dramatiq.middleware import TimeLimitExceeded

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.broker.middleware import TimeLimit, default_middleware
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.attempt_note import decode_note
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.workers import broker_on, working

LONG = timedelta(seconds=30)


@pytest.fixture
def quick_to_notice(redis_url: str) -> RedisBroker:
    """A broker that looks every 10 ms whether a thread has run for too long."""
    middleware = [
        TimeLimit(interval=10) if isinstance(item, TimeLimit) else item for item in default_middleware()
    ]
    return broker_on(redis_url, middleware=middleware)


def send_with_deadline(broker: RedisBroker, actor: dramatiq.Actor[[], None], *, left: int) -> None:
    message = actor.message()
    entry: tuple[Any, ...] = ("default", message.message_id, scripts.text(message.encode()), 0, left, {})
    broker.call(scripts.PUBLISH, [entry])


def test_a_coroutine_that_takes_too_long_is_cancelled_and_tried_again(
    broker: RedisBroker, redis_url: str
) -> None:
    cancelled: list[bool] = []

    @dramatiq.actor(broker=broker, time_limit=100)
    async def hang() -> None:
        try:
            await asyncio.sleep(LONG.total_seconds())
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    with working(broker):
        hang.send()

        eventually(lambda: [task.state for task in queued(redis_url)] == ["retry"], within=5)
    assert cancelled == [True]
    [task] = queued(redis_url)
    assert task.message.options["retries"] == 1
    assert "TimeLimitExceeded" in task.message.options["traceback"]


def test_a_thread_that_takes_too_long_is_interrupted_and_tried_again(
    quick_to_notice: RedisBroker, redis_url: str
) -> None:
    interrupted: list[bool] = []

    @dramatiq.actor(broker=quick_to_notice, time_limit=100)
    def hang() -> None:
        try:
            while True:
                time.sleep(0.01)
        except TimeLimitExceeded:
            interrupted.append(True)
            raise

    with working(quick_to_notice):
        hang.send()

        eventually(lambda: [task.state for task in queued(redis_url)] == ["retry"], within=5)
    assert interrupted == [True]


def test_a_swallowed_cancellation_counts_anyway(broker: RedisBroker, redis_url: str) -> None:
    @dramatiq.actor(broker=broker, time_limit=100)
    async def insist() -> None:
        try:
            await asyncio.sleep(LONG.total_seconds())
        except asyncio.CancelledError:
            await asyncio.sleep(0.1)

    with working(broker):
        insist.send()

        eventually(lambda: [task.state for task in queued(redis_url)] == ["retry"], within=5)


def test_a_timeout_that_a_task_sets_itself_is_its_own_failure(broker: RedisBroker, redis_url: str) -> None:
    @dramatiq.actor(broker=broker)
    async def limit_itself() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(LONG.total_seconds())

    with working(broker):
        limit_itself.send()

        eventually(lambda: [task.state for task in queued(redis_url)] == ["retry"], within=5)
    [task] = queued(redis_url)
    assert "TimeLimitExceeded" not in task.message.options["traceback"]


def test_a_task_that_ends_in_time_is_not_cancelled_later(broker: RedisBroker) -> None:
    done: list[bool] = []

    @dramatiq.actor(broker=broker, time_limit=100)
    async def be_quick() -> None:
        await asyncio.sleep(0.05)
        done.append(True)

    with working(broker, worker_threads=1) as worker:
        for _ in range(4):
            be_quick.send()
        worker.join()

    assert done == [True] * 4


def test_a_task_whose_deadline_has_passed_does_not_start(broker: RedisBroker, redis_url: str) -> None:
    runs: list[bool] = []

    @dramatiq.actor(broker=broker)
    async def run() -> None:
        runs.append(True)

    send_with_deadline(broker, run, left=0)
    with working(broker):
        eventually(lambda: [task.state for task in queued(redis_url)] == ["archived"], within=5)

    assert runs == []


def test_a_coroutine_is_cancelled_at_its_deadline_and_archived(broker: RedisBroker, redis_url: str) -> None:
    @dramatiq.actor(broker=broker)
    async def hang() -> None:
        await asyncio.sleep(LONG.total_seconds())

    send_with_deadline(broker, hang, left=200)
    with working(broker):
        eventually(lambda: [task.state for task in queued(redis_url)] == ["archived"], within=5)


def test_a_thread_is_interrupted_at_its_deadline_and_archived(
    quick_to_notice: RedisBroker, redis_url: str
) -> None:
    @dramatiq.actor(broker=quick_to_notice)
    def hang() -> None:
        while True:
            time.sleep(0.01)

    send_with_deadline(quick_to_notice, hang, left=200)
    with working(quick_to_notice):
        eventually(lambda: [task.state for task in queued(redis_url)] == ["archived"], within=5)


def test_why_an_attempt_failed_is_written_down(broker: RedisBroker, redis_url: str) -> None:
    @dramatiq.actor(broker=broker, max_retries=0)
    async def fail() -> None:
        raise ConnectionError("the disk is full")

    with working(broker):
        fail.send()
        eventually(lambda: [task.state for task in queued(redis_url)] == ["archived"], within=5)

    [task] = queued(redis_url)
    record: Any = broker.client.hgetall(f"{broker.namespace}:default:task:{task.id}")
    [note] = [value for name, value in record.items() if name.startswith(b"attempt:")]
    assert decode_note(note).error == "ConnectionError: the disk is full"
