import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import redis.asyncio
import structlog
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter

from internal.domain.errors import RateLimited
from internal.infrastructure.security.keyed_digest import KeyedDigest
from internal.infrastructure.security.process_counters import ProcessCounters
from internal.infrastructure.security.redis_or_process import RedisOrProcess
from internal.ports.rate_limiter import Limit, Quota, Uses

log = structlog.get_logger(__name__)


class RedisRateLimiter:
    """Counts in Redis, exactly, whatever the number of processes.

    While Redis is away, each of `processes` has its part of the limits and counts alone.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        *,
        redis_or_process: RedisOrProcess,
        quotas: Mapping[Limit, Quota],
        digest: KeyedDigest,
        namespace: str,
        processes: int,
    ) -> None:
        # The library connects by our pool, and so knows our sentinels, certificates and time limits.
        self._storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=f"{namespace}:limits",
            connection_pool=client.connection_pool,  # type: ignore[arg-type]  # the library passes it on as it is
        )
        self._in_redis = FixedWindowRateLimiter(self._storage)
        self._in_process = ProcessCounters()
        self._redis_or_process = redis_or_process
        self._digest = digest
        self._items = {limit: _item(limit, quota) for limit, quota in quotas.items()}
        self._parts = {
            limit: replace(quota, most=max(1, quota.most // processes)) for limit, quota in quotas.items()
        }

    async def count(self, uses: Uses) -> None:
        for limit, subject in uses.items():
            name, item = self._digest.of(subject), self._items[limit]
            wait = await self._redis_or_process.call(
                partial(self._use, item, name),
                partial(self._in_process.use, item.key_for(name), self._parts[limit]),
            )
            if wait is not None:
                log.info("rate_limits.exhausted", limit=limit.value)
                raise RateLimited(timedelta(seconds=wait))

    async def give_back(self, uses: Uses) -> None:
        for limit, subject in uses.items():
            item = self._items[limit]
            key = item.key_for(self._digest.of(subject))
            await self._redis_or_process.call(
                partial(self._storage.incr, key, item.get_expiry(), amount=-1),
                partial(self._in_process.give_back, key),
            )

    async def _use(self, item: RateLimitItem, name: str) -> float | None:
        """Count a use. If the quota is exhausted, return the seconds until the next window instead."""
        if await self._in_redis.hit(item, name):
            return None
        ends_at = await self._storage.get_expiry(item.key_for(name))
        return max(0.0, ends_at - time.time())


def _item(limit: Limit, quota: Quota) -> RateLimitItem:
    seconds = int(quota.window.total_seconds())
    return RateLimitItemPerSecond(quota.most, multiples=seconds, namespace=limit.value)
