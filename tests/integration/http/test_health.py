import asyncio
import time

import httpx
import pytest

from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.bootstrap.lifespan import open_resources
from internal.infrastructure.bootstrap.server.http_application import app_of
from internal.infrastructure.config.settings import Settings

pytestmark = pytest.mark.anyio

NOWHERE = "127.0.0.1:1"


async def readiness(settings: Settings) -> tuple[int, dict[str, object]]:
    container = Container(settings=settings)
    transport = httpx.ASGITransport(app_of(container))  # type: ignore[arg-type]  # as in conftest.py
    async with (
        open_resources(container),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        response = await client.get("/readyz")
    return response.status_code, response.json()


async def test_answers_the_mirrored_health_body(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/health")

    assert (response.status_code, response.json()) == (200, {"status": "ok", "message": "Service is running"})


async def test_is_live_without_looking_at_anything(client: httpx.AsyncClient) -> None:
    response = await client.get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_is_ready_with_everything_there(settings: Settings) -> None:
    assert await readiness(settings) == (
        200,
        {"status": "ok", "checks": {"database": "ok", "redis": "ok"}},
    )


async def test_is_degraded_without_redis(settings: Settings) -> None:
    status, body = await readiness(settings.model_copy(update={"redis_url": f"redis://{NOWHERE}/0"}))

    assert (status, body["status"]) == (200, "degraded")
    assert body["checks"] == {"database": "ok", "redis": "failed"}
    assert body["reasons"] == {"redis": "Redis cannot be reached: connection refused"}


async def test_asks_redis_at_most_once_a_second(settings: Settings) -> None:
    container = Container(settings=settings)
    transport = httpx.ASGITransport(app_of(container))  # type: ignore[arg-type]  # as in conftest.py
    async with (
        open_resources(container),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        await container.taskqueue.redis().config_resetstat()
        started = time.monotonic()
        await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
        for _ in range(20):
            await client.get("/readyz")
        took = time.monotonic() - started
        writes = (await container.taskqueue.redis().info("commandstats"))["cmdstat_set"]["calls"]

    assert 1 <= writes <= 1 + took


async def test_is_down_without_postgres(settings: Settings) -> None:
    status, body = await readiness(settings.model_copy(update={"database_url": f"postgresql://{NOWHERE}/x"}))

    assert (status, body["status"]) == (503, "down")


async def test_is_down_with_an_old_schema(settings: Settings, unmigrated_database_url: str) -> None:
    status, body = await readiness(settings.model_copy(update={"database_url": unmigrated_database_url}))

    assert (status, body["status"]) == (503, "down")
    assert "db migrate" in str(body["reasons"])
