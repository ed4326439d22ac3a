"""The address of the master, from those who decide which Redis it is.

redis-py's own Sentinel asks one after the other, tries each that is away several times, and believes the
first that answers. One that was cut off together with a former master would send writers there. Here the
newest decision counts that a majority knows of. Each decision has a higher epoch than the one before.
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

# Seconds to connect to a sentinel, log in and have its answer. Within these bounds it depends on how long the
# last answer took. The least is enough if the round trip has grown to 250 ms since then.
ASK_WITHIN_AT_LEAST, ASK_WITHIN_AT_MOST = 1.2, 3.0
WAITS = 2  # of a blocking socket, which share that: each may take two round trips
# Once a majority has answered, the others get half as long again: one of them may have decided just now.
GRACE_AT_LEAST = 0.02  # seconds
# Seconds for which a decision outlives the answers of sentinels that have yet to hear of it.
REMEMBER_FOR = 10.0
# During a fail-over the first still names the former master; only the second names the promoted one.
_QUESTIONS = ("SENTINEL MASTER", "SENTINEL GET-MASTER-ADDR-BY-NAME")
_FAILURES = (RedisError, OSError, EOFError)
# A connection for one question, with no more around it than there has to be.
_ONCE = {"protocol": 2, "driver_info": None}


class Decision(NamedTuple):
    epoch: int
    host: str
    port: int


class _Sentinels:
    """What the sentinels of one master have answered."""

    def __init__(self, arguments: Sequence[Arguments]) -> None:
        self.arguments = arguments
        self.has_majority = True  # of those that were asked last
        self._patience = Patience(least=ASK_WITHIN_AT_LEAST, most=ASK_WITHIN_AT_MOST)
        self._newest: Decision | None = None
        self._forget_at = 0.0

    def _are_most(self, decisions: Sized) -> bool:
        return len(decisions) > len(self.arguments) // 2

    def _believe(self, decisions: Sequence[Decision]) -> Address:
        """Return where the newest decision says that the master is.

        A majority that repeats an older one for long enough is right: sentinels that were set up again count
        from the beginning.
        """
        self.has_majority = self._are_most(decisions)
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
    """What redis-py's blocking SentinelConnectionPool asks; `arguments` are those of a pool for each."""

    def __init__(self, arguments: Sequence[Arguments]) -> None:
        super().__init__(arguments)
        self._in_order = list(arguments)

    def discover_master(self, service_name: str) -> Address:
        """Return where the master is.

        Raises:
            MasterNotFoundError: no sentinel that answers knows this master.
        """
        decisions: list[Decision] = []
        for arguments in self._in_order:
            if decision := self._ask(arguments, service_name):
                decisions.append(decision)
            else:  # it may have cost much time: it is the last to be asked the next time
                self._in_order = [*(each for each in self._in_order if each is not arguments), arguments]
            if self._are_most(decisions):
                break
        return self._believe(decisions)

    def _ask(self, arguments: Arguments, name: str) -> Decision | None:
        within = self._patience.seconds / WAITS
        limits = {
            "socket_connect_timeout": within,
            "socket_timeout": within,
            "retry": redis.retry.Retry(NoBackoff(), 0),
        }
        started = time.monotonic()
        connection = redis.ConnectionPool(**{**arguments, **_ONCE, **limits}).make_connection()
        try:
            connection.connect()
            connection.send_packed_command(connection.pack_commands(_questions(name)))
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
    """The same for the pool of asyncio. All are asked at once: a majority is enough."""

    async def discover_master(self, service_name: str) -> Address:
        """Raise MasterNotFoundError as above."""
        questions = [asyncio.create_task(self._ask(each, service_name)) for each in self.arguments]
        try:
            answered = await self._answered(set(questions))
        finally:
            for question in questions:
                question.cancel()
            await asyncio.gather(*questions, return_exceptions=True)
        return self._believe(_decisions(answered))

    async def _answered(
        self, pending: set["asyncio.Task[Decision | None]"]
    ) -> set["asyncio.Task[Decision | None]"]:
        started = time.monotonic()
        answered: set[asyncio.Task[Decision | None]] = set()
        while pending and not self._are_most(_decisions(answered)):
            left = started + self._patience.seconds - time.monotonic()
            done, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                return answered
            answered |= done
        if pending:
            grace = max(GRACE_AT_LEAST, (time.monotonic() - started) / 2)
            answered |= (await asyncio.wait(pending, timeout=grace))[0]
        return answered

    async def _ask(self, arguments: Arguments, name: str) -> Decision | None:
        limits = {
            "socket_connect_timeout": ASK_WITHIN_AT_MOST,
            "socket_timeout": ASK_WITHIN_AT_MOST,
            "retry": redis.asyncio.retry.Retry(NoBackoff(), 0),
        }
        started = time.monotonic()
        connection = redis.asyncio.ConnectionPool(**{**arguments, **_ONCE, **limits}).make_connection()
        try:
            await connection.connect()
            await connection.send_packed_command(connection.pack_commands(_questions(name)))
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


def _questions(name: str) -> list[tuple[str, str]]:
    return [(question, name) for question in _QUESTIONS]


def _read(state: Sequence[bytes], address: Sequence[bytes] | None) -> Decision:
    """The first answer has names and values in turn."""
    if address is None:
        raise MasterNotFoundError("this sentinel has just been told to forget the master")
    epoch = dict(zip(state[::2], state[1::2], strict=True))[b"config-epoch"]
    host, port = address
    return Decision(int(epoch), host.decode(), int(port))


def _decisions(questions: Iterable["asyncio.Task[Decision | None]"]) -> list[Decision]:
    return [decision for question in questions if (decision := question.result())]
