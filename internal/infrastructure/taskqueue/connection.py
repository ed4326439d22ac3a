import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import redis
import redis.asyncio
import redis.asyncio.retry
import redis.retry
from redis.asyncio.connection import AbstractConnection
from redis.backoff import NoBackoff
from redis.exceptions import OutOfMemoryError, RedisError

from internal.ports.unavailable import Unavailable

TIMEOUT = 2  # seconds
# What a command that goes wrong may raise: redis-py translates most of it, not all.
OUTAGES = (RedisError, OSError, asyncio.IncompleteReadError)


def connect(url: str) -> redis.asyncio.Redis:
    """A client for small questions: every wait has a limit, and nothing is tried twice behind one's back."""
    return redis.asyncio.Redis.from_url(
        url,
        socket_connect_timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        retry=redis.asyncio.retry.Retry(NoBackoff(), 0),
    )


def connect_blocking(url: str, *, timeout: float = TIMEOUT) -> redis.Redis:
    """The same for code that runs in threads."""
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=timeout,
        socket_timeout=timeout,
        retry=redis.retry.Retry(NoBackoff(), 0),
    )


def connect_blocking_to(**parameters: Any) -> redis.Redis:
    """The same, by what `redis.Redis` takes: host, port, password..."""
    return redis.Redis(
        **{
            "socket_connect_timeout": TIMEOUT,
            "socket_timeout": TIMEOUT,
            "retry": redis.retry.Retry(NoBackoff(), 0),
            **parameters,
        }
    )


async def answers(client: redis.asyncio.Redis) -> bool:
    """Raise Unavailable if Redis cannot be reached."""
    with translated_outages():
        return bool(await client.ping())


@contextmanager
def translated_outages() -> Generator[None]:
    """Raise Unavailable for whatever goes wrong with Redis."""
    try:
        yield
    except OutOfMemoryError as error:
        raise Unavailable("Redis is full") from error
    except OUTAGES as error:
        raise Unavailable("Redis cannot be reached") from error


class Wire:
    """One connection to Redis for commands in turn, and nothing between them and the socket.

    It connects by itself and repeats nothing. After any error the connection is gone, so that no reply can
    be taken for that of another command.
    """

    def __init__(self, pool: redis.asyncio.ConnectionPool, *, timeout: float = TIMEOUT) -> None:
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
                    await self._connection.send_command(*command, check_health=False)
                    return await self._connection.read_response()
            except redis.exceptions.ResponseError:
                raise
            except TimeoutError as error:
                await self.close()
                raise redis.exceptions.TimeoutError("no answer in time") from error
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        await self._connection.disconnect(nowait=True)


_ASYNC_CONNECTIONS: Mapping[type, type[AbstractConnection]] = {
    redis.Connection: redis.asyncio.Connection,
    redis.SSLConnection: redis.asyncio.SSLConnection,
    redis.UnixDomainSocketConnection: redis.asyncio.UnixDomainSocketConnection,
}
# What a connection is made with that is the same for both kinds of client.
_SHARED_ARGUMENTS = (
    "host",
    "port",
    "path",
    "db",
    "username",
    "password",
    "client_name",
    "credential_provider",
)


def pool_of(url: str) -> redis.asyncio.ConnectionPool:
    """Where wires to `url` come from."""
    return redis.asyncio.ConnectionPool.from_url(url, **_wire_arguments())


def pool_like(client: redis.Redis) -> redis.asyncio.ConnectionPool:
    """Where wires come from that lead to where a blocking client is connected."""
    blocking = client.connection_pool
    arguments = {
        name: value
        for name, value in blocking.connection_kwargs.items()
        if name in _SHARED_ARGUMENTS or name.startswith("ssl_")
    }
    return redis.asyncio.ConnectionPool(
        connection_class=_ASYNC_CONNECTIONS[blocking.connection_class],
        **arguments,
        **_wire_arguments(),
    )


def _wire_arguments() -> dict[str, Any]:
    return {
        "socket_timeout": None,  # a wire has its own
        "socket_connect_timeout": TIMEOUT,
        "retry": redis.asyncio.retry.Retry(NoBackoff(), 0),
    }
