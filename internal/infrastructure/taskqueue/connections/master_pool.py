"""Pools of connections to the Redis that is the master now.

redis-py's ask the sentinels only when they connect. But after a fail-over that an operator has ordered the
former master goes on taking writes for some ten seconds, and then throws them away. So these ask again
before a connection is used, if what they know is a second old, and wait for the answer of a majority.
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context
from typing import Any
from weakref import WeakSet

import redis.asyncio.sentinel
import redis.sentinel
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from internal.infrastructure.taskqueue.connections.sentinel import (
    Address,
    Arguments,
    AsyncSentinels,
    Sentinels,
)

LOOK_EVERY = 1.0  # seconds
# Seconds, where threads have waited for a majority of the sentinels in vain.
LOOK_AGAIN_AFTER = 10.0


class MasterPool(redis.sentinel.SentinelConnectionPool):
    """For threads. `sentinels` are the arguments of a pool for each of them."""

    def __init__(self, name: str, *, sentinels: Sequence[Arguments], **arguments: Any) -> None:
        self._sentinels = Sentinels(sentinels)
        super().__init__(name, self._sentinels, **arguments)
        self._looking = threading.Lock()
        self._look_at = 0.0

    def get_connection(self, *args: Any, **options: Any) -> Any:
        with self._looking:
            if self.master_address and time.monotonic() >= self._look_at:
                self._look()
        return super().get_connection(*args, **options)

    def _look(self) -> None:
        with suppress(RedisError):
            self.get_master_address()  # ends the connections to a former one
        pause = LOOK_EVERY if self._sentinels.has_majority else LOOK_AGAIN_AFTER
        self._look_at = time.monotonic() + pause


class AsyncMasterPool(redis.asyncio.sentinel.SentinelConnectionPool):
    """For asyncio. When the master changes, wires to the former one end, whatever they wait for there."""

    def __init__(self, name: str, *, sentinels: Sequence[Arguments], **arguments: Any) -> None:
        self._sentinels = AsyncSentinels(sentinels)
        super().__init__(name, self._sentinels, **arguments)
        self._made: WeakSet[AbstractConnection] = WeakSet()
        self._look_at = 0.0
        self._look: asyncio.Task[None] | None = None

    def make_connection(self) -> Any:
        connection = super().make_connection()
        self._made.add(connection)
        return connection

    async def get_connection(self, *args: Any, **options: Any) -> Any:
        await self.look()
        return await super().get_connection(*args, **options)

    async def get_master_address(self) -> Address:
        address: Address = await super().get_master_address()
        self._look_at = time.monotonic() + LOOK_EVERY
        for connection in list(self._made - self._in_use_connections):
            if _address_of(connection) != address:
                await connection.disconnect(nowait=True)
        return address

    async def look(self) -> None:
        """Learn who is the master now, if that is not known for certain.

        While the sentinels have no majority that answers, nobody waits for them.
        """
        is_over = self._look is None or self._look.done()
        if is_over and self.master_address and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_EVERY
            self._look = asyncio.create_task(self._ask(), context=Context())
        if self._look and not self._look.done() and self._sentinels.has_majority:
            await asyncio.wait([self._look])

    async def _ask(self) -> None:
        with suppress(RedisError):
            await self.get_master_address()


def _address_of(connection: AbstractConnection) -> Address:
    return getattr(connection, "host", ""), getattr(connection, "port", 0)
