from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from internal.infrastructure.taskqueue.connections.connection import connect
from internal.infrastructure.taskqueue.inspection.inspector import RedisTaskInspector
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.tasks.completion_log import CompletionLog
from internal.infrastructure.tasks.encrypted_payload import PayloadCipher
from tests.support.schedulers import schedule_inspector_on
from tests.support.taskqueue.engine import PREFIX


@asynccontextmanager
async def inspector_on(
    redis_url: str, *, completion_log: CompletionLog | None = None, cipher: PayloadCipher | None = None
) -> AsyncIterator[RedisTaskInspector]:
    schedules = schedule_inspector_on(redis_url)
    try:
        async with connect(redis_url) as client:
            yield RedisTaskInspector(
                client,
                namespace=PREFIX,
                timing=Timing(),
                completion_log=completion_log,
                schedules=schedules,
                cipher=cipher,
            )
    finally:
        await schedules.close()
