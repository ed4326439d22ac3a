"""Pools of connections to the current master.

The pools of redis-py ask the sentinels only when they connect. After a manual fail-over, however, the former
master accepts writes for about ten seconds and then drops them. These pools therefore check the master before
a connection is used, at most once a second, and wait for a majority of the sentinels.
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

# Seconds between two checks.
CHECK_INTERVAL = 1.0
# Seconds between two checks by threads while no majority of the sentinels answers.
CHECK_INTERVAL_WITHOUT_MAJORITY = 10.0


class MasterPool(redis.sentinel.SentinelConnectionPool):
    """For threads. `sentinels` has the connection arguments of each sentinel."""

    def __init__(self, name: str, *, sentinels: Sequence[Arguments], **arguments: Any) -> None:
        self._sentinels = Sentinels(sentinels)
        super().__init__(name, self._sentinels, **arguments)
        self._check_lock = threading.Lock()
        self._check_at = 0.0

    def get_connection(self, *args: Any, **options: Any) -> Any:
        with self._check_lock:
            if self.master_address and time.monotonic() >= self._check_at:
                self._check_master()
        return super().get_connection(*args, **options)

    def _check_master(self) -> None:
        with suppress(RedisError):
            # This closes the connections to a former master.
            self.get_master_address()
        pause = CHECK_INTERVAL if self._sentinels.has_majority else CHECK_INTERVAL_WITHOUT_MAJORITY
        self._check_at = time.monotonic() + pause


class AsyncMasterPool(redis.asyncio.sentinel.SentinelConnectionPool):
    """For asyncio. When the master changes, dedicated connections to the former one are closed."""

    def __init__(self, name: str, *, sentinels: Sequence[Arguments], **arguments: Any) -> None:
        self._sentinels = AsyncSentinels(sentinels)
        super().__init__(name, self._sentinels, **arguments)
        self._made: WeakSet[AbstractConnection] = WeakSet()
        self._check_at = 0.0
        self._check: asyncio.Task[None] | None = None

    def make_connection(self) -> Any:
        connection = super().make_connection()
        self._made.add(connection)
        return connection

    async def get_connection(self, *args: Any, **options: Any) -> Any:
        await self.check_master()
        return await super().get_connection(*args, **options)

    async def get_master_address(self) -> Address:
        address: Address = await super().get_master_address()
        self._check_at = time.monotonic() + CHECK_INTERVAL
        for connection in list(self._made - self._in_use_connections):
            if _address_of(connection) != address:
                await connection.disconnect(nowait=True)
        return address

    async def check_master(self) -> None:
        """Ask the sentinels for the master if the last answer is too old.

        Do not wait for them while no majority answers.
        """
        is_done = self._check is None or self._check.done()
        if is_done and self.master_address and time.monotonic() >= self._check_at:
            self._check_at = time.monotonic() + CHECK_INTERVAL
            self._check = asyncio.create_task(self._ask(), context=Context())
        if self._check and not self._check.done() and self._sentinels.has_majority:
            await asyncio.wait([self._check])

    async def _ask(self) -> None:
        with suppress(RedisError):
            await self.get_master_address()


def _address_of(connection: AbstractConnection) -> Address:
    return getattr(connection, "host", ""), getattr(connection, "port", 0)
