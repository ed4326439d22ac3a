import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import structlog

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.bootstrap.services.service_addresses import postgres_at, redis_at
from internal.infrastructure.bootstrap.services.supported_redis import require_supported_redis
from internal.infrastructure.database.postgres_errors import OLD_SCHEMA
from internal.infrastructure.taskqueue.connections.connection import answers
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_resources(container: Container) -> AsyncIterator[None]:
    """Close all connections at the end. They open on first use."""
    database, taskqueue, inspection = container.database(), container.taskqueue(), container.inspection()
    security = container.security()
    # Each is closed even where another cannot be.
    async with AsyncExitStack() as closing:
        closing.push_async_callback(lambda: database.engine().dispose())
        closing.push_async_callback(lambda: taskqueue.redis().aclose())
        closing.push_async_callback(lambda: security.redis_or_process().close())
        closing.push_async_callback(lambda: taskqueue.write_probe().close())
        closing.push_async_callback(lambda: taskqueue.publisher().close())
        closing.push_async_callback(lambda: taskqueue.results().close())
        closing.push_async_callback(lambda: inspection.schedules().close())
        closing.push_async_callback(lambda: database.outbox_relay().close())
        yield


async def database_passes(container: Container) -> bool:
    """Raise Unavailable with the reason if Postgres or its schema cannot be used."""
    if not await container.database().schema_version().is_current():
        raise Unavailable(OLD_SCHEMA)
    return True


async def require_services(container: Container) -> None:
    """Raise NotReady unless Postgres and Redis can be used and the schema is current."""
    settings = container.settings()
    redis = container.taskqueue().redis()
    try:
        at_head = await container.database().schema_version().is_current()
    except Unavailable as error:
        raise NotReady(f"{error} ({postgres_at(settings.database_url)}); check DATABASE_URL") from error
    if not at_head:
        raise NotReady(OLD_SCHEMA)
    try:
        await answers(redis)
    except Unavailable as error:
        raise NotReady(f"{error} ({redis_at(settings.redis)}); check REDIS_ADDR or REDIS_URL") from error
    await require_supported_redis(redis)


@asynccontextmanager
async def in_background(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run these beside the body and cancel them after it. A failure is logged at once."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    for task in tasks:
        task.add_done_callback(_report_failure)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _report_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("background.failed", exc_info=error)
