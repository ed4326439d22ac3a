import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import redis
import redis.asyncio
import redis.asyncio.retry
import redis.retry
from hiredis import pack_command
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError, RedisError

from internal.infrastructure.taskqueue.master_pool import AsyncMasterPool
from internal.infrastructure.taskqueue.pools import async_pool, async_pool_like, blocking_pool
from internal.infrastructure.taskqueue.reasons import BROKEN_OFF, may_have_moved, why
from internal.ports.unavailable import Unavailable

TIMEOUT = 2  # seconds
# What a command that goes wrong may raise: redis-py translates most of it, not all.
OUTAGES = (RedisError, OSError, asyncio.IncompleteReadError)


def connect(url: str) -> redis.asyncio.Redis:
    """A client for small questions: every wait has a limit, and nothing is tried twice behind one's back.

    A connection on which Redis says that it is a replica is given up: the master is elsewhere.
    """
    pool = async_pool(
        url,
        socket_connect_timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        retry=redis.asyncio.retry.Retry(NoBackoff(), 0),
        retry_on_error=[ReadOnlyError],
    )
    return redis.asyncio.Redis.from_pool(pool)


def connect_blocking(url: str, *, timeout: float = TIMEOUT) -> redis.Redis:
    """The same for code that runs in threads."""
    pool = blocking_pool(
        url,
        socket_connect_timeout=timeout,
        socket_timeout=timeout,
        retry=redis.retry.Retry(NoBackoff(), 0),
        retry_on_error=[ReadOnlyError],
    )
    return redis.Redis.from_pool(pool)


def connect_blocking_to(**parameters: Any) -> redis.Redis:
    """The same, by what `redis.Redis` takes: host, port, password..."""
    return redis.Redis(
        **{
            "socket_connect_timeout": TIMEOUT,
            "socket_timeout": TIMEOUT,
            "retry": redis.retry.Retry(NoBackoff(), 0),
            "retry_on_error": [ReadOnlyError],
            **parameters,
        }
    )


async def answers(client: redis.asyncio.Redis) -> bool:
    """Raise Unavailable if Redis cannot be reached."""
    with translated_outages():
        return bool(await client.ping())


@contextmanager
def translated_outages() -> Generator[None]:
    """Raise Unavailable, with the reason, for whatever goes wrong with Redis."""
    try:
        yield
    except OUTAGES as error:
        raise Unavailable(why(error)) from error


class Wire:
    """One connection to Redis for commands in turn, and nothing between them and the socket.

    It connects by itself and repeats nothing. After any error the connection is gone, so that no reply can
    be taken for that of another command.
    """

    def __init__(self, pool: redis.asyncio.ConnectionPool, *, timeout: float = TIMEOUT) -> None:
        self._pool = pool  # its connections hold it by a weak reference, and ask it for the master
        self._connection = pool.make_connection()
        self._timeout = timeout
        self._turn = asyncio.Lock()

    async def call(self, *command: Any, patience: float = 0) -> Any:
        """Send a command and return its reply; one that blocks in Redis gets `patience` seconds more.

        Raises:
            RedisError, OSError: the connection failed, the time is up, or Redis refused the command.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout + patience):
                    await self._connect()
                    await self._connection.send_packed_command(pack_command(command), check_health=False)
                    return await self._connection.read_response()
            except redis.exceptions.ResponseError as error:
                if str(error).startswith(BROKEN_OFF):  # Redis has closed the connection
                    await self.close()
                if may_have_moved(error):
                    await self.close()
                    raise redis.exceptions.ConnectionError("this Redis takes no writes") from error
                raise
            except TimeoutError as error:
                await self.close()
                raise redis.exceptions.TimeoutError("no answer in time") from error
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        await self._connection.disconnect(nowait=True)

    async def _connect(self) -> None:
        """Sending would do so, too, but past the sentinels."""
        if self._connection.is_connected and isinstance(self._pool, AsyncMasterPool):
            await self._pool.look()  # ends the connection if it leads to a former master
        if not self._connection.is_connected:
            await self._connection.connect()


class Pooled:
    """Commands over whichever of a client's connections is free."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client

    async def call(self, *command: Any) -> Any:
        return await self._client.execute_command(*command)


def pool_of(url: str) -> redis.asyncio.ConnectionPool:
    """Where wires to `url` come from."""
    return async_pool(url, **_wire_arguments())


def pool_like(client: redis.Redis) -> redis.asyncio.ConnectionPool:
    """Where wires come from that lead to where a blocking client is connected."""
    return async_pool_like(client.connection_pool, **_wire_arguments())


def _wire_arguments() -> dict[str, Any]:
    return {
        "socket_timeout": None,  # a wire has its own
        "socket_connect_timeout": TIMEOUT,
        "retry": redis.asyncio.retry.Retry(NoBackoff(), 0),
    }
