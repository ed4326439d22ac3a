"""Pools of connections to the Redis that is the master now.

redis-py's ask the sentinels only when they connect. But after a fail-over that an operator has ordered the
former master goes on taking writes for some ten seconds, and then throws them away. So these ask again
before a connection is used, if what they know is a second old.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import redis.asyncio.sentinel
import redis.sentinel
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from internal.infrastructure.taskqueue.sentinel import Arguments, AsyncSentinels, Sentinels

LOOK_EVERY = 1.0  # seconds
LOOK_AGAIN_AFTER = 10.0  # seconds, where threads have waited for sentinels in vain
PATIENCE = 0.05  # seconds that a command waits for an answer: it may come for the next


class MasterPool(redis.sentinel.SentinelConnectionPool):
    """For threads. `sentinels` are the arguments of a pool for each of them."""

    def __init__(self, name: str, *, sentinels: Sequence[Arguments], **arguments: Any) -> None:
        super().__init__(name, Sentinels(sentinels), **arguments)
        self._look_at = 0.0

    def get_connection(self, *args: Any, **options: Any) -> Any:
        if self.master_address and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_AGAIN_AFTER
            with suppress(RedisError):
                self.get_master_address()  # ends the connections to a former one
                self._look_at = time.monotonic() + LOOK_EVERY
        return super().get_connection(*args, **options)


class AsyncMasterPool(redis.asyncio.sentinel.SentinelConnectionPool):
    """For asyncio."""

    def __init__(self, name: str, *, sentinels: Sequence[Arguments], **arguments: Any) -> None:
        super().__init__(name, AsyncSentinels(sentinels), **arguments)
        self._look_at = 0.0
        self._look: asyncio.Task[None] | None = None

    async def get_connection(self, *args: Any, **options: Any) -> Any:
        await self.look()
        return await super().get_connection(*args, **options)

    async def leads_to(self, connection: AbstractConnection) -> bool:
        """Whether this is a connection to the master, as far as is known."""
        await self.look()
        address = (getattr(connection, "host", None), getattr(connection, "port", None))
        return self.master_address in {None, address}

    async def look(self) -> None:
        """Learn who is the master now, unless that is known or cannot be told at once."""
        if self.master_address and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_EVERY
            self._look = asyncio.create_task(self._ask())
        if self._look and not self._look.done():
            await asyncio.wait([self._look], timeout=PATIENCE)

    async def _ask(self) -> None:
        with suppress(RedisError):
            await self.get_master_address()
