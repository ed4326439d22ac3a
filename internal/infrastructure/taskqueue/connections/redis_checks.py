"""Checks that Redis keeps its data: its defaults suit a cache."""

from collections.abc import Awaitable, Mapping
from typing import Any

import redis.asyncio
import structlog
from redis.exceptions import ResponseError

from internal.infrastructure.taskqueue.connections.connection import translated_outages
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)


async def warn_of_losses(client: redis.asyncio.Redis) -> None:
    """Log a warning for each setting with which this Redis would lose tasks.

    Skip the checks if Redis is down or its ACL forbids them.
    """
    try:
        with translated_outages():
            await _warn_of_evictions(client)
            await _warn_of_restarts(client)
    except Unavailable as error:
        log.info("redis.not_inspected", reason=str(error))


async def _warn_of_evictions(client: redis.asyncio.Redis) -> None:
    memory = await if_permitted(client.info("memory"))
    policy = memory.get("maxmemory_policy", "noeviction")
    if policy == "noeviction":
        return
    is_limited = int(memory.get("maxmemory", 0)) > 0
    log.warning(
        "redis.may_evict_tasks",
        maxmemory_policy=policy,
        advice="set maxmemory-policy to noeviction: "
        + ("a full Redis deletes tasks" if is_limited else "with a maxmemory, Redis would delete tasks"),
    )


async def _warn_of_restarts(client: redis.asyncio.Redis) -> None:
    persistence = await if_permitted(client.info("persistence"))
    if int(persistence.get("aof_enabled", 1)):
        return
    save = (await if_permitted(client.config_get("save"))).get("save")
    # None: Redis does not report whether it takes snapshots.
    if save == "":
        log.warning(
            "redis.not_persistent", advice="set appendonly to yes: a restart of Redis loses every task"
        )


async def if_permitted(query: Awaitable[Mapping[Any, Any]]) -> Mapping[Any, Any]:
    """Return nothing if an ACL forbids the command or a managed Redis lacks it."""
    try:
        return await query
    except ResponseError:
        return {}
