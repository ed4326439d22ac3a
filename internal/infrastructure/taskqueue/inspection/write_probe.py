"""Whether Redis takes writes: one that only answers is of no use to a task queue."""

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

AT_MOST_EVERY = 1.0  # seconds
KEPT_FOR = 10_000  # ms


class WriteProbe:
    """Writes one small key, at most once a second however many ask."""

    def __init__(self, pool: redis.asyncio.ConnectionPool, *, namespace: str) -> None:
        self._wire = DedicatedConnection(pool, patience=impatient())
        self._key = f"{namespace}:health"
        self._probing: asyncio.Task[str | None] | None = None
        self._probed_at = 0.0

    async def passes(self) -> bool:
        """Raise Unavailable, with the reason, if a new task could not be stored now."""
        if reason := await self.precheck():
            raise Unavailable(reason)
        return True

    async def precheck(self) -> str | None:
        """Why a new task could not be stored now; None if it could."""
        is_over = self._probing is None or self._probing.done()
        if self._probing is None or (is_over and time.monotonic() - self._probed_at >= AT_MOST_EVERY):
            self._probed_at = time.monotonic()
            self._probing = asyncio.create_task(self._probe(), context=Context())
        return await asyncio.shield(self._probing)  # others may wait for it, too

    async def close(self) -> None:
        await self._wire.close()

    async def _probe(self) -> str | None:
        try:
            with translated_outages():
                await repeated(lambda: self._wire.call("SET", self._key, 1, "PX", KEPT_FOR))
        except Unavailable as error:
            return str(error)
        return None


async def refusal_of_workers(client: redis.asyncio.Redis, *, namespace: str) -> str | None:
    """Why workers cannot write down that they are up; None if they can, as in a Redis that is only full."""
    try:
        with translated_outages():
            # Nobody leaves: this is refused whenever `register` is, and changes nothing.
            await scripts.UNREGISTER.call(PooledConnection(client), namespace, [""])
    except Unavailable as error:
        return str(error)
    return None
