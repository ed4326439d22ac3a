from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis

from internal.infrastructure.taskqueue.connections.connection import translated_outages
from internal.infrastructure.taskqueue.connections.redis_checks import if_permitted


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisInfo:
    """The server behind the queues. Memory is in bytes; `max_memory` is None if it has no limit.

    snapshots: when Redis saves a snapshot, as its setting `save` has it: empty for never, None if hidden.
    """

    software: str
    version: str
    used_memory: int
    max_memory: int | None
    eviction: str
    uptime: timedelta
    clients: int
    is_append_only: bool
    snapshots: str | None
    saved_at: datetime | None
    is_replica: bool
    replicas: int

    @property
    def loses_tasks_at_restart(self) -> bool:
        return not self.is_append_only and self.snapshots == ""


async def read_redis_info(redis: Redis) -> RedisInfo:
    """Ask the server. Raises Unavailable. A managed Redis may hide its limits."""
    with translated_outages():
        info = await redis.info()
        save = (await if_permitted(redis.config_get("save"))).get("save")
    return RedisInfo(
        software=info.get("server_name", "redis"),
        version=info.get("valkey_version", info["redis_version"]),
        used_memory=info["used_memory"],
        max_memory=info.get("maxmemory") or None,
        eviction=info.get("maxmemory_policy", "unknown policy"),
        uptime=timedelta(seconds=info["uptime_in_seconds"]),
        clients=info["connected_clients"],
        is_append_only=bool(info.get("aof_enabled")),
        snapshots=save,
        saved_at=_saved_at(info),
        is_replica=info.get("role") == "slave",
        replicas=info.get("connected_slaves", 0),
    )


def _saved_at(info: dict[str, Any]) -> datetime | None:
    saved = info.get("rdb_last_save_time")
    return datetime.fromtimestamp(saved, UTC) if saved else None
