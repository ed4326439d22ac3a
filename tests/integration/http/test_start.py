"""What the server does before the first request, with the part of ASGI that no request goes through."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.config.settings import Settings

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[float]:
    """The application. The value is how many seconds its start took."""
    told: asyncio.Queue[Any] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()
    scope: Any = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    application: Any = app_of(Container(settings=settings))
    began = time.monotonic()
    running = asyncio.create_task(application(scope, told.get, said.put))
    await told.put({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    yield time.monotonic() - began
    await told.put({"type": "lifespan.shutdown"})
    assert (await said.get())["type"] == "lifespan.shutdown.complete"
    await running


async def test_waits_for_no_redis(settings: Settings, absent_port: int) -> None:
    elsewhere = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{absent_port}"})

    async with started(elsewhere) as seconds:
        pass

    assert seconds < 1


async def test_warns_of_a_redis_that_loses_tasks(settings: Settings, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            with capture_logs() as logs:
                async with started(settings), asyncio.timeout(5):
                    while not logs:  # noqa: ASYNC110 - a log sets no Event
                        await asyncio.sleep(0.01)
        finally:
            client.config_set("maxmemory-policy", "noeviction")

    assert [(entry["log_level"], entry["event"]) for entry in logs] == [("warning", "redis.may_evict_tasks")]
