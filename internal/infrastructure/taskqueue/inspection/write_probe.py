"""Checks that Redis accepts writes: a Redis that only answers cannot store tasks."""

import asyncio
import time
from contextvars import Context

import redis.asyncio

from internal.infrastructure.taskqueue.connections.connection import (
    DedicatedConnection,
    PooledConnection,
    impatient,
    repeated,
    translated_outages,
)
from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.unavailable import Unavailable

# Seconds between two probes.
PROBE_INTERVAL = 1.0
# Milliseconds until the key expires.
KEY_TTL = 10_000


class WriteProbe:
    """Writes one small key, at most once a second for all callers together."""

    def __init__(self, pool: redis.asyncio.ConnectionPool, *, namespace: str) -> None:
        self._connection = DedicatedConnection(pool, patience=impatient())
        self._key = f"{namespace}:health"
        self._probing: asyncio.Task[str | None] | None = None
        self._probed_at = 0.0

    async def passes(self) -> bool:
        """Return True, or raise Unavailable with the reason why Redis refuses new tasks."""
        if reason := await self.refusal():
            raise Unavailable(reason)
        return True

    async def refusal(self) -> str | None:
        """The reason why Redis refuses new tasks, or None."""
        is_done = self._probing is None or self._probing.done()
        if self._probing is None or (is_done and time.monotonic() - self._probed_at >= PROBE_INTERVAL):
            self._probed_at = time.monotonic()
            self._probing = asyncio.create_task(self._probe(), context=Context())
        # Other callers may wait for the same probe.
        return await asyncio.shield(self._probing)

    async def close(self) -> None:
        await self._connection.close()

    async def _probe(self) -> str | None:
        try:
            with translated_outages():
                await repeated(lambda: self._connection.call("SET", self._key, 1, "PX", KEY_TTL))
        except Unavailable as error:
            return str(error)
        return None


async def refusal_of_workers(client: redis.asyncio.Redis, *, namespace: str) -> str | None:
    """The reason why workers cannot send heartbeats, or None. A full Redis still accepts heartbeats."""
    try:
        with translated_outages():
            # Redis refuses this whenever it refuses `register`. An empty worker id changes nothing.
            await scripts.UNREGISTER.call(PooledConnection(client), namespace, [""])
    except Unavailable as error:
        return str(error)
    return None
