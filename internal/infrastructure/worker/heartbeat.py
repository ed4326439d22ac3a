import asyncio
import os
import socket
from datetime import timedelta

import structlog
from redis.asyncio import Redis

from internal.infrastructure.taskqueue.connection import translated_outages
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

BEAT_EVERY = timedelta(seconds=5)
# Two beats may be late before a worker counts as gone.
ALIVE_FOR = timedelta(seconds=15)
# A worker that ends waits no longer than this to say so: it has an exit to make.
FORGET_WITHIN = timedelta(milliseconds=300)
# A full Redis would refuse a plain SET, and a worker that drains it would count as gone.
_BEAT = "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], 'up', 'EX', ARGV[1])"


class WorkerHeartbeat:
    """A key in Redis that says: a worker on this host is up, and its event loop turns."""

    def __init__(self, *, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._prefix = f"{namespace}:worker"

    async def run(self) -> None:
        """Beat until cancelled, through any outage; then say that this worker is gone."""
        key = f"{self._prefix}:{socket.gethostname()}:{os.getpid()}"
        try:
            while True:
                await self._beat(key)
                await asyncio.sleep(BEAT_EVERY.total_seconds())
        finally:
            await self._forget(key)

    async def _beat(self, key: str) -> None:
        try:
            with translated_outages():
                await self._redis.eval(_BEAT, 1, key, str(int(ALIVE_FOR.total_seconds())))
        except Unavailable as error:
            log.warning("worker.heartbeat_failed", reason=str(error))

    async def _forget(self, key: str) -> None:
        try:
            async with asyncio.timeout(FORGET_WITHIN.total_seconds()):
                with translated_outages():
                    await self._redis.delete(key)
        except (TimeoutError, Unavailable) as error:
            log.warning("worker.heartbeat_not_removed", reason=str(error) or "no answer in time")

    async def alive_on(self, host: str) -> list[int]:
        """The process ids of the workers that are up on `host`.

        Raises:
            Unavailable: Redis cannot be reached, so that nothing can be said.
        """
        prefix = f"{self._prefix}:{host}:"
        with translated_outages():
            keys = [key async for key in self._redis.scan_iter(match=f"{prefix}*", count=1000)]
        return sorted(int(key.removeprefix(prefix.encode())) for key in keys)
