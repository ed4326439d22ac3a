import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.taskqueue.connection import answers
from internal.ports.unavailable import Unavailable


@asynccontextmanager
async def open_resources(container: Container) -> AsyncIterator[None]:
    """Close, at the end, every connection that was opened in between. They open on first use."""
    try:
        yield
    finally:
        await container.outbox_relay().close()
        container.task_publisher().close()
        await container.redis().aclose()
        await container.engine().dispose()


async def require_services(container: Container) -> None:
    """Raise NotReady unless Postgres and Redis answer and the schema is at its head."""
    try:
        at_head = await container.schema_version().is_current()
    except Unavailable as error:
        raise NotReady("Postgres cannot be reached: check DATABASE_URL") from error
    if not at_head:
        raise NotReady("the database schema is not at its head: run `python -m cmd.admin db migrate`")
    try:
        await answers(container.redis())
    except Unavailable as error:
        raise NotReady("Redis cannot be reached: check REDIS_ADDR or REDIS_URL") from error


@asynccontextmanager
async def in_background(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run these beside the body, and cancel them after it."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
