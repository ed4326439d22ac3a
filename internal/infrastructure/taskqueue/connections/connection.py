import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, TypeVar

import redis
import redis.asyncio
import redis.asyncio.retry
import redis.retry
from hiredis import pack_command
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError, RedisError

from internal.infrastructure.taskqueue.connections.master_pool import AsyncMasterPool
from internal.infrastructure.taskqueue.connections.patience import Patience
from internal.infrastructure.taskqueue.connections.pools import async_pool, async_pool_like, blocking_pool
from internal.infrastructure.taskqueue.connections.redis_errors import PROTOCOL_ERROR, may_have_moved, why
from internal.infrastructure.taskqueue.connections.timeouts import DEFAULT_TIMEOUTS, TIMEOUT, RedisTimeouts
from internal.ports.unavailable import Unavailable

# Large commands get more time: enough for a network of 8 Mbit/s.
BYTES_PER_SECOND = 1_000_000
# Seconds after which a connection counts as idle. A firewall may have dropped it.
IDLE_AFTER = 1.0
# Minimum seconds for an idle connection to answer a command that can be repeated.
MIN_PATIENCE = 0.05
# The errors of failed commands. redis-py does not translate all of them.
OUTAGES = (RedisError, OSError, asyncio.IncompleteReadError)

T = TypeVar("T")


class Severed(redis.exceptions.ConnectionError):
    """An open connection broke or does not answer. Redis may have run the command.

    Redis itself may be up: a new connection may work.
    """


def connect(url: str, timeouts: RedisTimeouts = DEFAULT_TIMEOUTS) -> redis.asyncio.Redis:
    """A client for short commands: every wait has a limit, and no command is repeated silently.

    It drops a connection on which Redis reports that it is a replica.
    """
    pool = async_pool(
        url,
        **timeouts.arguments,
        retry=redis.asyncio.retry.Retry(NoBackoff(), 0),
        retry_on_error=[ReadOnlyError],
    )
    return redis.asyncio.Redis.from_pool(pool)


def connect_blocking(url: str, timeouts: RedisTimeouts = DEFAULT_TIMEOUTS) -> redis.Redis:
    """The same for code in threads."""
    pool = blocking_pool(
        url,
        **timeouts.arguments,
        retry=redis.retry.Retry(NoBackoff(), 0),
        retry_on_error=[ReadOnlyError],
    )
    return redis.Redis.from_pool(pool)


def connect_blocking_to(**parameters: Any) -> redis.Redis:
    """The same with the parameters of `redis.Redis`: host, port, password and so on."""
    return redis.Redis(
        **{
            **DEFAULT_TIMEOUTS.arguments,
            "retry": redis.retry.Retry(NoBackoff(), 0),
            "retry_on_error": [ReadOnlyError],
            **parameters,
        }
    )


async def answers(client: redis.asyncio.Redis) -> bool:
    """Return True, or raise Unavailable if Redis cannot be reached."""
    with translated_outages():
        return bool(await client.ping())


@contextmanager
def translated_outages() -> Generator[None]:
    """Turn every error of Redis into Unavailable with the reason."""
    try:
        yield
    except OUTAGES as error:
        raise Unavailable(why(error)) from error


class DedicatedConnection:
    """One connection to Redis that runs one command at a time, without a client in between.

    It connects on demand and repeats nothing. After any error it closes the connection, so that a late reply
    is never taken for the reply to another command. A command on an idle connection fails early if no
    answer arrives within `patience`, which several connections may share.
    """

    def __init__(self, pool: redis.asyncio.ConnectionPool, *, patience: Patience | None = None) -> None:
        # Connections hold their pool by a weak reference, and ask it for the master.
        self._pool = pool
        self._connection = pool.make_connection()
        self._connect_timeout: float = pool.connection_kwargs["socket_connect_timeout"]
        self._timeout: float = pool.connection_kwargs["socket_timeout"]
        # `call` limits the time instead.
        self._connection.socket_timeout = None
        self._patience = patience
        self._answered_at = 0.0
        self._lock = asyncio.Lock()

    async def call(self, *command: Any, patience: float = 0) -> Any:
        """Send a command and return its reply. A blocking command gets `patience` more seconds.

        Raises:
            Severed: the connection was open, and broke or does not answer.
            RedisError, OSError: connecting failed, the time is up, or Redis refused the command.
        """
        async with self._lock:
            was_open = await self._connect()
            try:
                return await self._send_and_receive(pack_command(command), patience=patience)
            except redis.exceptions.ResponseError as error:
                if str(error).startswith(PROTOCOL_ERROR):
                    # Redis has closed the connection.
                    await self.close()
                if may_have_moved(error):
                    await self.close()
                    raise redis.exceptions.ConnectionError("Redis takes no writes") from error
                raise
            except OUTAGES as error:
                await self.close()
                if was_open:
                    raise Severed("the connection to Redis broke") from error
                raise
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        await self._connection.disconnect(nowait=True)

    async def _connect(self) -> bool:
        """Return whether the connection was already open."""
        if isinstance(self._pool, AsyncMasterPool) and self._connection.is_usable:
            # This closes the connection if it leads to a former master.
            await self._pool.check_master()
        if self._connection.is_usable:
            return True
        try:
            async with asyncio.timeout(self._connect_timeout):
                await self._connection.connect()
        except TimeoutError as error:
            await self.close()
            raise redis.exceptions.TimeoutError("no connection in time") from error
        except BaseException:
            await self.close()
            raise
        self._answered_at = monotonic()
        return False

    async def _send_and_receive(self, packed: bytes, *, patience: float) -> Any:
        sent_at = monotonic()
        within = self._timeout + patience + len(packed) / BYTES_PER_SECOND
        if self._patience and (patience or sent_at - self._answered_at > IDLE_AFTER):
            within += min(self._patience.seconds - self._timeout, 0)
        try:
            async with asyncio.timeout(within):
                await self._connection.send_packed_command(packed, check_health=False)
                reply = await self._connection.read_response(disconnect_on_error=False)
        except TimeoutError as error:
            reply = await self._receive_rest(within, error)
        self._answered_at = monotonic()
        if self._patience and not patience:
            self._patience.answered_after(self._answered_at - sent_at)
        return reply

    async def _receive_rest(self, within: float, error: TimeoutError) -> Any:
        """Wait as long as parts of the reply arrive: a large reply is slow on a slow network."""
        arrived = 0
        while self._connection.unread not in {0, arrived}:
            arrived = self._connection.unread
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    return await self._connection.read_response(disconnect_on_error=False)
        raise redis.exceptions.TimeoutError("no answer in time") from error


def impatient() -> Patience:
    """For a connection whose commands are `repeated`."""
    return Patience(least=MIN_PATIENCE, most=TIMEOUT)


async def repeated(ask: Callable[[], Awaitable[T]]) -> T:
    """Repeat a command once if an open connection broke. Only for commands that may run twice."""
    try:
        return await ask()
    except Severed:
        return await ask()


class PooledConnection:
    """Runs commands over any free connection of a client."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client

    async def call(self, *command: Any) -> Any:
        return await self._client.execute_command(*command)


def pool_of(url: str, timeouts: RedisTimeouts = DEFAULT_TIMEOUTS) -> redis.asyncio.ConnectionPool:
    """A pool for dedicated connections to `url`."""
    return async_pool(url, **timeouts.arguments, **_no_retry())


def pool_like(client: redis.Redis) -> redis.asyncio.ConnectionPool:
    """A pool for dedicated connections to the Redis of a blocking client, with its timeouts."""
    arguments = DEFAULT_TIMEOUTS.arguments
    given = {
        name: client.connection_pool.connection_kwargs.get(name) or arguments[name] for name in arguments
    }
    return async_pool_like(client.connection_pool, **given, **_no_retry())


def _no_retry() -> dict[str, Any]:
    return {"retry": redis.asyncio.retry.Retry(NoBackoff(), 0)}
