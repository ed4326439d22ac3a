import asyncio
import socket

import pytest

from internal.infrastructure.bootstrap.container import Container
from tests.full_redis import full

pytestmark = pytest.mark.anyio


async def test_a_worker_is_up_although_redis_is_full(container: Container, redis_url: str) -> None:
    heartbeat = container.worker_heartbeat()
    with full(redis_url):
        beating = asyncio.create_task(heartbeat.run())
        await asyncio.sleep(0.2)

        alive = await heartbeat.alive_on(socket.gethostname())

        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
    assert len(alive) == 1
