"""Asks the sentinels for the address of the master.

redis-py asks one sentinel after the other, retries those that are down, and trusts the first answer. A
sentinel that was cut off together with a former master would send writers there. This module asks a majority
and trusts the newest decision: each fail-over increases the config epoch.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import Any, NamedTuple

import redis
import redis.asyncio
import redis.asyncio.retry
import redis.retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.sentinel import MasterNotFoundError

from internal.infrastructure.taskqueue.connections.patience import Patience

Address = tuple[str, int]
Arguments = Mapping[str, Any]

# Seconds to connect to a sentinel, log in and get its answer. Within these limits, the time depends on the
# last answer. The minimum is enough if the round trip has grown to 250 ms since then.
MIN_TIMEOUT, MAX_TIMEOUT = 1.2, 3.0
# Connecting and answering share that time on a blocking socket. Each may take two round trips.
WAITS = 2
# Seconds. After a majority has answered, the others get half as long again: one may have a newer decision.
MIN_GRACE = 0.02
# Seconds for which a decision counts although the sentinels that answer do not know it yet.
REMEMBER_FOR = 10.0
# During a fail-over, the first still names the former master, and only the second the promoted one.
_QUERIES = ("SENTINEL MASTER", "SENTINEL GET-MASTER-ADDR-BY-NAME")
_FAILURES = (RedisError, OSError, EOFError)
# Arguments of a connection for a single query, without extra commands.
_SINGLE_USE = {"protocol": 2, "driver_info": None}


class Decision(NamedTuple):
    epoch: int
    host: str
    port: int


class _Sentinels:
    """The answers of the sentinels of one master."""

    def __init__(self, arguments: Sequence[Arguments]) -> None:
        self.arguments = arguments
        # Whether a majority answered the last query.
        self.has_majority = True
        self._patience = Patience(least=MIN_TIMEOUT, most=MAX_TIMEOUT)
        self._newest: Decision | None = None
        self._forget_at = 0.0

    def _is_majority(self, decisions: Sized) -> bool:
        return len(decisions) > len(self.arguments) // 2

    def _newest_address(self, decisions: Sequence[Decision]) -> Address:
        """Return the master's address from the newest decision.

        A majority that repeats an older decision for REMEMBER_FOR seconds is right: sentinels that were set
        up again restart their epochs.
        """
        self.has_majority = self._is_majority(decisions)
        if not decisions:
            self._patience.unanswered()
            raise MasterNotFoundError("no sentinel knows the master")
        is_forgotten = self.has_majority and time.monotonic() >= self._forget_at
        remembered = [] if self._newest is None or is_forgotten else [self._newest]
        newest = max([*decisions, *remembered])
        if newest in decisions:
            self._forget_at = time.monotonic() + REMEMBER_FOR
        self._newest = newest
        return newest.host, newest.port


class Sentinels(_Sentinels):
    """For redis-py's blocking SentinelConnectionPool. `arguments` has the connection arguments of each."""

    def __init__(self, arguments: Sequence[Arguments]) -> None:
        super().__init__(arguments)
        self._in_order = list(arguments)

    def discover_master(self, service_name: str) -> Address:
        """Return the address of the master.

        Raises:
            MasterNotFoundError: no sentinel that answers knows this master.
        """
        decisions: list[Decision] = []
        for arguments in self._in_order:
            if decision := self._ask(arguments, service_name):
                decisions.append(decision)
            else:
                # It may have cost much time, so ask it last next time.
                self._in_order = [*(each for each in self._in_order if each is not arguments), arguments]
            if self._is_majority(decisions):
                break
        return self._newest_address(decisions)

    def _ask(self, arguments: Arguments, name: str) -> Decision | None:
        within = self._patience.seconds / WAITS
        limits = {
            "socket_connect_timeout": within,
            "socket_timeout": within,
            "retry": redis.retry.Retry(NoBackoff(), 0),
        }
        started = time.monotonic()
        connection = redis.ConnectionPool(**{**arguments, **_SINGLE_USE, **limits}).make_connection()
        try:
            connection.connect()
            connection.send_packed_command(connection.pack_commands(_queries(name)))
            decision: Decision | None = _read(connection.read_response(), connection.read_response())
        except ResponseError:
            decision = None
        except _FAILURES:
            return None
        finally:
            connection.disconnect()
        self._patience.answered_after(time.monotonic() - started)
        return decision


class AsyncSentinels(_Sentinels):
    """For the asyncio pool. Asks all sentinels at once and waits for a majority."""

    async def discover_master(self, service_name: str) -> Address:
        """Return the address of the master. Raise MasterNotFoundError."""
        queries = [asyncio.create_task(self._ask(each, service_name)) for each in self.arguments]
        try:
            answered = await self._answered(set(queries))
        finally:
            for query in queries:
                query.cancel()
            await asyncio.gather(*queries, return_exceptions=True)
        return self._newest_address(_decisions(answered))

    async def _answered(
        self, pending: set["asyncio.Task[Decision | None]"]
    ) -> set["asyncio.Task[Decision | None]"]:
        started = time.monotonic()
        answered: set[asyncio.Task[Decision | None]] = set()
        while pending and not self._is_majority(_decisions(answered)):
            left = started + self._patience.seconds - time.monotonic()
            done, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                return answered
            answered |= done
        if pending:
            grace = max(MIN_GRACE, (time.monotonic() - started) / 2)
            answered |= (await asyncio.wait(pending, timeout=grace))[0]
        return answered

    async def _ask(self, arguments: Arguments, name: str) -> Decision | None:
        limits = {
            "socket_connect_timeout": MAX_TIMEOUT,
            "socket_timeout": MAX_TIMEOUT,
            "retry": redis.asyncio.retry.Retry(NoBackoff(), 0),
        }
        started = time.monotonic()
        connection = redis.asyncio.ConnectionPool(**{**arguments, **_SINGLE_USE, **limits}).make_connection()
        try:
            await connection.connect()
            await connection.send_packed_command(connection.pack_commands(_queries(name)))
            decision: Decision | None = _read(
                await connection.read_response(), await connection.read_response()
            )
        except ResponseError:
            decision = None
        except _FAILURES:
            return None
        finally:
            await connection.disconnect(nowait=True)
        self._patience.answered_after(time.monotonic() - started)
        return decision


def _queries(name: str) -> list[tuple[str, str]]:
    return [(query, name) for query in _QUERIES]


def _read(state: Sequence[bytes], address: Sequence[bytes] | None) -> Decision:
    """The first reply has names and values in turn."""
    if address is None:
        raise MasterNotFoundError("this sentinel no longer monitors the master")
    epoch = dict(zip(state[::2], state[1::2], strict=True))[b"config-epoch"]
    host, port = address
    return Decision(int(epoch), host.decode(), int(port))


def _decisions(queries: Iterable["asyncio.Task[Decision | None]"]) -> list[Decision]:
    return [decision for query in queries if (decision := query.result())]
