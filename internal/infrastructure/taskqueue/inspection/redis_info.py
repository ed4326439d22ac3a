from dataclasses import dataclass
from datetime import timedelta

from redis.asyncio import Redis

from internal.infrastructure.taskqueue.connections.connection import translated_outages


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisInfo:
    """The server behind the queues. Memory is in bytes; `max_memory` is None if it has no limit."""

    software: str
    version: str
    used_memory: int
    max_memory: int | None
    eviction: str
    uptime: timedelta
    clients: int


async def read_redis_info(redis: Redis) -> RedisInfo:
    """Ask the server. Raises Unavailable. A managed Redis may hide its limits."""
    with translated_outages():
        info = await redis.info()
    return RedisInfo(
        software=info.get("server_name", "redis"),
        version=info.get("valkey_version", info["redis_version"]),
        used_memory=info["used_memory"],
        max_memory=info.get("maxmemory") or None,
        eviction=info.get("maxmemory_policy", "unknown policy"),
        uptime=timedelta(seconds=info["uptime_in_seconds"]),
        clients=info["connected_clients"],
    )
