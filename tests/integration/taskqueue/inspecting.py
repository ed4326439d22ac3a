from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from internal.infrastructure.task_codec import TaskLedger
from internal.infrastructure.taskqueue.connection import connect, pool_of
from internal.infrastructure.taskqueue.inspector import RedisTaskInspector
from internal.infrastructure.taskqueue.schedule_book import ScheduleBook
from internal.infrastructure.taskqueue.timing import Timing
from tests.integration.taskqueue.engine import PREFIX


@asynccontextmanager
async def inspector_on(
    redis_url: str, *, ledger: TaskLedger | None = None
) -> AsyncIterator[RedisTaskInspector]:
    schedules = ScheduleBook(pool_of(redis_url), namespace=PREFIX)
    try:
        async with connect(redis_url) as client:
            yield RedisTaskInspector(
                client, namespace=PREFIX, timing=Timing(), ledger=ledger, schedules=schedules
            )
    finally:
        await schedules.close()
