from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from internal.infrastructure.taskqueue.connections.connection import connect, pool_of
from internal.infrastructure.taskqueue.inspection.inspector import RedisTaskInspector
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.scheduling.schedule_inspector import ScheduleBook
from internal.infrastructure.tasks.codec import TaskLedger
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
