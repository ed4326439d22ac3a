"""The address of the master, from those who decide which Redis it is.

redis-py's own Sentinel asks one after the other, tries each that is away several times, and believes the
first that answers: one that is cut off together with a former master would send writers there.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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
_QUESTION = "SENTINEL GET-MASTER-ADDR-BY-NAME"
# A connection for one question, with no more around it than there has to be.
_ONCE = {
    "socket_connect_timeout": ASK_WITHIN,
    "socket_timeout": ASK_WITHIN,
    "protocol": 2,
    "driver_info": None,
}


class Sentinels:
    """What redis-py's blocking SentinelConnectionPool asks; `arguments` are those of a pool for each."""

    def __init__(self, arguments: Sequence[Arguments]) -> None:
        self.arguments = arguments

    def discover_master(self, service_name: str) -> Address:
        """Return what most of the sentinels say, or most of those that answer.

        Raises:
            MasterNotFoundError: no sentinel that answers knows this master.
        """
        votes = Counter[Address]()
        for arguments in self.arguments:
            votes.update(self._ask(arguments, service_name))
            if _has_majority(votes, of=len(self.arguments)):
                break
        return _winner(votes)

    def _ask(self, arguments: Arguments, name: str) -> Iterable[Address]:
        """One address, or none."""
        no_retry = redis.retry.Retry(NoBackoff(), 0)
        pool = redis.ConnectionPool(**{**arguments, **_ONCE, "retry": no_retry})
        try:
            with redis.Redis.from_pool(pool) as sentinel:
                return _read(sentinel.execute_command(_QUESTION, name))
        except (RedisError, OSError, EOFError):
            return ()


class AsyncSentinels:
    """The same for the pool of asyncio. All are asked at once: one that is away costs no time."""

    def __init__(self, arguments: Sequence[Arguments]) -> None:
        self.arguments = arguments

    async def discover_master(self, service_name: str) -> Address:
        """Raise MasterNotFoundError as above."""
        questions = [asyncio.create_task(self._ask(each, service_name)) for each in self.arguments]
        votes = Counter[Address]()
        try:
            for answer in asyncio.as_completed(questions):
                votes.update(await answer)
                if _has_majority(votes, of=len(questions)):
                    break
        finally:
            for question in questions:
                question.cancel()
            await asyncio.gather(*questions, return_exceptions=True)
        return _winner(votes)

    async def _ask(self, arguments: Arguments, name: str) -> Iterable[Address]:
        no_retry = redis.asyncio.retry.Retry(NoBackoff(), 0)
        pool = redis.asyncio.ConnectionPool(**{**arguments, **_ONCE, "retry": no_retry})
        try:
            async with redis.asyncio.Redis.from_pool(pool) as sentinel:
                return _read(await sentinel.execute_command(_QUESTION, name))
        except (RedisError, OSError, EOFError):
            return ()


def _read(answer: Any) -> Iterable[Address]:
    """None is the answer of a sentinel that does not know the master."""
    if not answer:
        return ()
    host, port = answer
    return [(host.decode() if isinstance(host, bytes) else host, int(port))]


def _has_majority(votes: Counter[Address], *, of: int) -> bool:
    return any(number > of // 2 for number in votes.values())


def _winner(votes: Counter[Address]) -> Address:
    if not votes:
        raise MasterNotFoundError("no sentinel knows the master")
    [(address, _)] = votes.most_common(1)
    return address
