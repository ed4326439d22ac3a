import asyncio
from contextlib import suppress

import redis.asyncio

from internal.infrastructure.bootstrap.not_ready import NotReady
from internal.infrastructure.taskqueue.connections.connection import connect
from internal.infrastructure.taskqueue.connections.server_mode import unsupported_mode
from internal.ports.unavailable import Unavailable

ASK_WITHIN = 2  # seconds


async def require_supported_redis(client: redis.asyncio.Redis) -> None:
    """Raise NotReady if this kind of Redis is not supported. An unreachable Redis passes."""
    with suppress(Unavailable, TimeoutError):
        async with asyncio.timeout(ASK_WITHIN):
            if reason := await unsupported_mode(client):
                raise NotReady(f"{reason}; check REDIS_ADDR or REDIS_URL")


async def require_supported_redis_at(url: str) -> None:
    client = connect(url)
    try:
        await require_supported_redis(client)
    finally:
        await client.aclose()
