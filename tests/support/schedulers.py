"""Schedulers on the test's Redis, and what they have published."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

import redis

from internal.infrastructure.bootstrap.containers.taskqueue import QUEUES
from internal.infrastructure.clock import SystemClock
from internal.infrastructure.taskqueue.connections.connection import pool_of
from internal.infrastructure.taskqueue.protocol.namespace import NAMESPACE, hash_tag
from internal.infrastructure.taskqueue.publishing.enqueuer import Enqueuer
from internal.infrastructure.taskqueue.publishing.publisher import DramatiqTaskPublisher
from internal.infrastructure.taskqueue.scheduling.periodic import PeriodicTask, validate_schedule
from internal.infrastructure.taskqueue.scheduling.schedule_inspector import ScheduleInspector
from internal.infrastructure.taskqueue.scheduling.scheduler import Scheduler
from internal.infrastructure.tasks.codec import TaskCodec
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.ports.clock import Clock
from internal.ports.tasks import TaskOptions
from tests.support.queue_contents import queued

PREFIX = hash_tag(NAMESPACE)
QUEUE = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    task_name: ClassVar[str] = "test:tick"
    task_options: ClassVar[TaskOptions] = TaskOptions(queue=QUEUE)

    note: str = "tock"


def publisher_on(redis_url: str, *, clock: Clock | None = None) -> DramatiqTaskPublisher:
    return DramatiqTaskPublisher(
        enqueuer=Enqueuer(pool_of(redis_url), namespace=PREFIX),
        encoder=TaskEncoder(codec=TaskCodec([Tick]), new_id=uuid4),
        queues=QUEUES,
        clock=clock or SystemClock(),
    )


def every(interval: str, *, name: str = "tick", **fields: Any) -> PeriodicTask:
    return PeriodicTask(name=name, spec=f"@every {interval}", task=Tick(), **fields)


def scheduler_on(redis_url: str, *schedule: PeriodicTask, clock: Clock | None = None) -> Scheduler:
    publisher = publisher_on(redis_url, clock=clock)
    entries = validate_schedule(schedule, encoder=publisher)
    return Scheduler(entries, encoder=publisher, pool=pool_of(redis_url), namespace=PREFIX)


def schedule_inspector_on(redis_url: str, *schedule: PeriodicTask) -> ScheduleInspector:
    publisher = publisher_on(redis_url)
    return ScheduleInspector(
        pool_of(redis_url),
        namespace=PREFIX,
        entries=lambda: validate_schedule(schedule, encoder=publisher),
        encoder=publisher,
        new_id=uuid4,
    )


@asynccontextmanager
async def scheduling(*schedulers: Scheduler) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(scheduler.run()) for scheduler in schedulers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_published(redis_url: str, number: int, *, within: float = 10) -> list[datetime]:
    """Wait for this number of published tasks, and return their slots."""
    async with asyncio.timeout(within):
        while True:
            found = published(redis_url)
            if len(found) >= number:
                return found
            await asyncio.sleep(0.02)


def published(redis_url: str) -> list[datetime]:
    """Return them in the order of their tasks in the queue."""
    return [slot_of(task.id) for task in queued(redis_url)]


def slot_of(task_id: str) -> datetime:
    return datetime.fromisoformat(task_id.partition(":")[2])


def assert_complete(slots: Iterable[datetime], interval: timedelta) -> None:
    """Each came once, and none is missing in between."""
    ordered = list(slots)
    expected = [ordered[0] + number * interval for number in range(len(ordered))]
    assert ordered == expected


def redis_time(client: redis.Redis) -> datetime:
    seconds, microseconds = client.time()
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
