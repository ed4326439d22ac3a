"""The address of the master, from those who decide which Redis it is.

redis-py's own Sentinel asks one after the other, tries each that is away several times, and believes the
first that answers. One that was cut off together with a former master would send writers there, so here
the newest decision counts of those that most of the sentinels know of. Each decision has a higher epoch.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import Any, NamedTuple

import redis
import redis.asyncio
import redis.asyncio.retry
import redis.retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.sentinel import MasterNotFoundError

Address = tuple[str, int]
Arguments = Mapping[str, Any]

ASK_WITHIN = 0.5  # seconds, to connect to a sentinel and again for its answer
WAIT_FOR_ALL = 0.05  # seconds; then those are enough that have answered, if they are most of them
_QUESTION = "SENTINEL MASTER"
_FAILURES = (RedisError, OSError, EOFError)
# A connection for one question, with no more around it than there has to be.
_ONCE = {
    "socket_connect_timeout": ASK_WITHIN,
    "socket_timeout": ASK_WITHIN,
    "protocol": 2,
    "driver_info": None,
}


class Decision(NamedTuple):
    epoch: int
    host: str
    port: int


class Sentinels:
    """What redis-py's blocking SentinelConnectionPool asks; `arguments` are those of a pool for each."""

    def __init__(self, arguments: Sequence[Arguments]) -> None:
        self.arguments = arguments
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
            else:  # it may have taken half a second: it is the last to be asked the next time
                self._in_order = [*(each for each in self._in_order if each is not arguments), arguments]
            if _are_most(decisions, of=self.arguments):
                break
        return _newest(decisions)

    def _ask(self, arguments: Arguments, name: str) -> Decision | None:
        retry = redis.retry.Retry(NoBackoff(), 0)
        connection = redis.ConnectionPool(**{**arguments, **_ONCE, "retry": retry}).make_connection()
        try:
            connection.connect()
            connection.send_command(_QUESTION, name)
            return _read(connection.read_response())
        except _FAILURES:
            return None
        finally:
            connection.disconnect()


class AsyncSentinels:
    """The same for the pool of asyncio. All are asked at once: one that is away costs next to no time."""

    def __init__(self, arguments: Sequence[Arguments]) -> None:
        self.arguments = arguments

    async def discover_master(self, service_name: str) -> Address:
        """Raise MasterNotFoundError as above."""
        questions = [asyncio.create_task(self._ask(each, service_name)) for each in self.arguments]
        try:
            done, pending = await asyncio.wait(questions, timeout=WAIT_FOR_ALL)
            while pending and not _are_most(_decisions(done), of=questions):
                more, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                done |= more
        finally:
            for question in questions:
                question.cancel()
            await asyncio.gather(*questions, return_exceptions=True)
        return _newest(_decisions(done))

    async def _ask(self, arguments: Arguments, name: str) -> Decision | None:
        retry = redis.asyncio.retry.Retry(NoBackoff(), 0)
        connection = redis.asyncio.ConnectionPool(**{**arguments, **_ONCE, "retry": retry}).make_connection()
        try:
            await connection.connect()
            await connection.send_command(_QUESTION, name)
            return _read(await connection.read_response())
        except _FAILURES:
            return None
        finally:
            await connection.disconnect(nowait=True)


def _read(answer: Sequence[bytes]) -> Decision:
    """The answer has names and values in turn."""
    state = dict(zip(answer[::2], answer[1::2], strict=True))
    return Decision(int(state[b"config-epoch"]), state[b"ip"].decode(), int(state[b"port"]))


def _decisions(questions: Iterable[asyncio.Task[Decision | None]]) -> list[Decision]:
    return [decision for question in questions if (decision := question.result())]


def _are_most(some: Sized, *, of: Sized) -> bool:
    return len(some) > len(of) // 2


def _newest(decisions: Sequence[Decision]) -> Address:
    if not decisions:
        raise MasterNotFoundError("no sentinel knows the master")
    _, host, port = max(decisions)
    return host, port
