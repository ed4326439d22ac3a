import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, TypeVar

import redis
import redis.asyncio
import redis.asyncio.retry
import redis.retry
from hiredis import pack_command
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError, RedisError

from internal.infrastructure.taskqueue.connections.error_reasons import BROKEN_OFF, may_have_moved, why
from internal.infrastructure.taskqueue.connections.master_pool import AsyncMasterPool
from internal.infrastructure.taskqueue.connections.patience import Patience
from internal.infrastructure.taskqueue.connections.pools import async_pool, async_pool_like, blocking_pool
from internal.ports.unavailable import Unavailable

# Seconds.
CONNECT_TIMEOUT = 3.0
TIMEOUT = 2.0
# A command that does not fit into a packet takes as long as a slow network does: 8 Mbit/s.
BYTES_PER_SECOND = 1_000_000
# Seconds after which a connection counts as idle: something on the way may have forgotten it.
IDLE_AFTER = 1.0
# Seconds that an idle connection has to answer a command that can be repeated, or some round trips.
ANSWERS_WITHIN_AT_LEAST = 0.05
# What a command that goes wrong may raise: redis-py translates most of it, not all.
OUTAGES = (RedisError, OSError, asyncio.IncompleteReadError)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisTimeouts:
    """How long to wait for a connection, with its handshake and log-in, and for the answer to a command."""

    connect: timedelta = timedelta(seconds=CONNECT_TIMEOUT)
    command: timedelta = timedelta(seconds=TIMEOUT)

    @property
    def arguments(self) -> dict[str, float]:
        return {
            "socket_connect_timeout": self.connect.total_seconds(),
            "socket_timeout": self.command.total_seconds(),
        }


DEFAULT_TIMEOUTS = RedisTimeouts()


class Severed(redis.exceptions.ConnectionError):
    """A connection that had been open broke, or does not answer. The command may have been done.

    That says nothing about Redis: a new connection may work.
    """


def connect(url: str, timeouts: RedisTimeouts = DEFAULT_TIMEOUTS) -> redis.asyncio.Redis:
    """A client for small questions: every wait has a limit, and no command is repeated silently.

    A connection on which Redis says that it is a replica is given up: the master is elsewhere.
    """
    pool = async_pool(
        url,
        **timeouts.arguments,
        retry=redis.asyncio.retry.Retry(NoBackoff(), 0),
        retry_on_error=[ReadOnlyError],
    )
    return redis.asyncio.Redis.from_pool(pool)


def connect_blocking(url: str, timeouts: RedisTimeouts = DEFAULT_TIMEOUTS) -> redis.Redis:
    """The same for code that runs in threads."""
    pool = blocking_pool(
        url,
        **timeouts.arguments,
        retry=redis.retry.Retry(NoBackoff(), 0),
        retry_on_error=[ReadOnlyError],
    )
    return redis.Redis.from_pool(pool)


def connect_blocking_to(**parameters: Any) -> redis.Redis:
    """The same, by what `redis.Redis` takes: host, port, password..."""
    return redis.Redis(
        **{
            **DEFAULT_TIMEOUTS.arguments,
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


class DedicatedConnection:
    """One connection to Redis for commands in turn, and nothing between them and the socket.

    It connects when it is needed and repeats nothing. After any error the connection is gone, so that no
    reply can be taken for that of another command. Commands over an idle connection fail early if it does
    not answer within `patience`, which several wires may share.
    """

    def __init__(self, pool: redis.asyncio.ConnectionPool, *, patience: Patience | None = None) -> None:
        self._pool = pool  # its connections hold it by a weak reference, and ask it for the master
        self._connection = pool.make_connection()
        self._connect_timeout: float = pool.connection_kwargs["socket_connect_timeout"]
        self._timeout: float = pool.connection_kwargs["socket_timeout"]
        self._connection.socket_timeout = None  # `call` has the limits
        self._patience = patience
        self._answered_at = 0.0
        self._turn = asyncio.Lock()

    async def call(self, *command: Any, patience: float = 0) -> Any:
        """Send a command and return its reply; one that blocks in Redis gets `patience` seconds more.

        Raises:
            Severed: the connection was open before, and broke or does not answer.
            RedisError, OSError: there is no connection, the time is up, or Redis refused the command.
        """
        async with self._turn:
            was_open = await self._connect()
            try:
                return await self._exchange(pack_command(command), patience=patience)
            except redis.exceptions.ResponseError as error:
                if str(error).startswith(BROKEN_OFF):  # Redis has closed the connection
                    await self.close()
                if may_have_moved(error):
                    await self.close()
                    raise redis.exceptions.ConnectionError("this Redis takes no writes") from error
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
        """Return whether the connection was open already."""
        if isinstance(self._pool, AsyncMasterPool) and self._connection.is_usable:
            await self._pool.look()  # ends the connection if it leads to a former master
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

    async def _exchange(self, packed: bytes, *, patience: float) -> Any:
        asked_at = monotonic()
        within = self._timeout + patience + len(packed) / BYTES_PER_SECOND
        if self._patience and (patience or asked_at - self._answered_at > IDLE_AFTER):
            within += min(self._patience.seconds - self._timeout, 0)
        try:
            async with asyncio.timeout(within):
                await self._connection.send_packed_command(packed, check_health=False)
                reply = await self._connection.read_response(disconnect_on_error=False)
        except TimeoutError as error:
            reply = await self._rest(within, error)
        self._answered_at = monotonic()
        if self._patience and not patience:
            self._patience.answered_after(self._answered_at - asked_at)
        return reply

    async def _rest(self, within: float, error: TimeoutError) -> Any:
        """Go on waiting for a reply while it arrives: a large one takes its time on a slow network."""
        arrived = 0
        while self._connection.unread not in {0, arrived}:
            arrived = self._connection.unread
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    return await self._connection.read_response(disconnect_on_error=False)
        raise redis.exceptions.TimeoutError("no answer in time") from error


def impatient() -> Patience:
    """For a wire whose commands are `repeated`."""
    return Patience(least=ANSWERS_WITHIN_AT_LEAST, most=TIMEOUT)


async def repeated(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again, once, if a connection that had been open broke. For what may be done twice."""
    try:
        return await ask()
    except Severed:
        return await ask()


class PooledConnection:
    """Commands over whichever of a client's connections is free."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client

    async def call(self, *command: Any) -> Any:
        return await self._client.execute_command(*command)


def pool_of(url: str, timeouts: RedisTimeouts = DEFAULT_TIMEOUTS) -> redis.asyncio.ConnectionPool:
    """Where wires to `url` come from."""
    return async_pool(url, **timeouts.arguments, **_no_retry())


def pool_like(client: redis.Redis) -> redis.asyncio.ConnectionPool:
    """Where wires come from that lead to where a blocking client does, and wait as long."""
    arguments = DEFAULT_TIMEOUTS.arguments
    given = {
        name: client.connection_pool.connection_kwargs.get(name) or arguments[name] for name in arguments
    }
    return async_pool_like(client.connection_pool, **given, **_no_retry())


def _no_retry() -> dict[str, Any]:
    return {"retry": redis.asyncio.retry.Retry(NoBackoff(), 0)}
