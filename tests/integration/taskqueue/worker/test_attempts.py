"""Each failed attempt is recorded: where it ran, from when, for how long, and its error."""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dramatiq
import pytest

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol.message_options import UNKNOWN
from internal.ports.task_snapshots import Attempt
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.taskqueue.inspectors import inspector_on
from tests.support.taskqueue.workers import working

NAP = 0.05  # seconds
HERE = f"{socket.gethostname()}:{os.getpid()}"


def history(redis_url: str) -> list[Attempt]:
    """That of the only task."""
    [found] = queued(redis_url)

    async def read() -> list[Attempt]:
        async with inspector_on(redis_url) as inspector:
            return list((await inspector.task("default", found.id)).history)

    return asyncio.run(read())


async def sleep_on_loop() -> None:
    await asyncio.sleep(NAP)
    raise ConnectionError("nobody answers")


def sleep_in_thread() -> None:
    time.sleep(NAP)
    raise ConnectionError("nobody answers")


@pytest.mark.parametrize("handler", [sleep_on_loop, sleep_in_thread])
def test_each_attempt_tells_where_and_when_it_ran(
    broker: RedisBroker, redis_url: str, handler: Callable[[], object]
) -> None:
    actor = dramatiq.actor(broker=broker, max_retries=1, retry_delay=lambda *_: timedelta(0))(handler)
    sent_at = datetime.now(UTC) - timedelta(seconds=1)

    with working(broker):
        actor.send()
        eventually(lambda: [task.state for task in queued(redis_url)] == ["archived"], within=30)

    first, second = history(redis_url)
    assert [attempt.error for attempt in (first, second)] == ["ConnectionError: nobody answers"] * 2
    for attempt in (first, second):
        assert attempt.worker == HERE
        assert attempt.ran_for is not None
        assert attempt.ran_for >= timedelta(seconds=NAP)
        assert attempt.started_at is not None
        assert sent_at < attempt.started_at < attempt.at
    assert second.started_at is not None
    assert second.started_at >= first.at - timedelta(milliseconds=2)  # both are rounded


def test_an_attempt_whose_handler_did_not_start_has_no_start(broker: RedisBroker, redis_url: str) -> None:
    dramatiq.actor(broker=broker)(sleep_in_thread)
    offered_often = {UNKNOWN: 10**6}

    with working(broker):
        broker.enqueue(dramatiq.Message("default", "of a newer version", (), {}, offered_often))
        eventually(lambda: [task.state for task in queued(redis_url)] == ["archived"], within=30)

    [attempt] = history(redis_url)
    assert (attempt.worker, attempt.ran_for, attempt.started_at) == (HERE, None, None)
