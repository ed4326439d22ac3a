"""Which is the master, as sentinels tell that say what the test wants them to."""

import inspect
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum, auto
from typing import Any

import pytest
from redis.sentinel import MasterNotFoundError

from internal.infrastructure.taskqueue.connections.sentinel import (
    MIN_TIMEOUT,
    AsyncSentinels,
    Sentinels,
)
from tests.support.proxy import Proxy

pytestmark = pytest.mark.anyio

LONGEST_ROUND_TRIP = 0.25  # seconds
MASTER, FORMER = (2, "10.0.0.1", 6379), (1, "10.0.0.2", 6379)


class Other(Enum):
    NOBODY = auto()
    SILENCE = auto()


NOBODY, SILENCE = Other
Saying = tuple[int, str, int] | Other
MaybeLater = Saying | Callable[[], Saying]


@contextmanager
def sentinel(saying: MaybeLater, *, after: float = 0) -> Iterator[dict[str, Any]]:
    """The arguments of a connection to one that says so, `after` some seconds."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while words := self._command():
                said = saying() if callable(saying) else saying
                if said is not SILENCE:
                    time.sleep(after)
                    self.wfile.write(_encoded(words[1], said))

        def _command(self) -> list[str]:
            length = self.rfile.readline()
            words = [self.rfile.readline() and self.rfile.readline() for _ in range(int(length[1:] or 0))]
            return [word.strip().decode() for word in words]

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield {"host": "127.0.0.1", "port": server.server_address[1]}
        finally:
            server.shutdown()
            thread.join()


def _encoded(question: str, saying: Saying) -> bytes:
    if isinstance(saying, Other):
        return b"-ERR No such master with that name\r\n"
    epoch, host, port = saying
    if question == "MASTER":
        words = ["name", "tasks", "ip", "the former one's", "port", "1", "config-epoch", str(epoch)]
    else:
        words = [host, str(port)]
    return "".join([f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)]).encode()


@pytest.fixture
def sentinels() -> Iterator[Callable[..., list[dict[str, Any]]]]:
    with ExitStack() as running:
        yield lambda *sayings, **options: [
            running.enter_context(sentinel(saying, **options)) for saying in sayings
        ]


async def masters(arguments: list[dict[str, Any]]) -> set[tuple[str, int]]:
    """As they are found by threads and by asyncio."""
    return {
        Sentinels(arguments).discover_master("tasks"),
        await AsyncSentinels(arguments).discover_master("tasks"),
    }


@pytest.mark.parametrize(
    "sayings",
    [
        (MASTER,),
        (FORMER, MASTER),
        (FORMER, MASTER, MASTER),
        (MASTER, SILENCE, MASTER),
        (SILENCE, MASTER, NOBODY),
        (NOBODY, NOBODY, MASTER),
    ],
)
async def test_the_newest_decision_counts(
    sentinels: Callable[..., list[dict[str, Any]]], sayings: tuple[Saying, ...]
) -> None:
    assert await masters(sentinels(*sayings)) == {MASTER[1:]}


async def test_asyncio_has_heard_of_a_decision_that_only_one_knows(
    sentinels: Callable[..., list[dict[str, Any]]],
) -> None:
    found = await AsyncSentinels(sentinels(FORMER, FORMER, MASTER)).discover_master("tasks")

    assert found == MASTER[1:]


async def test_one_that_is_gone_is_not_missed(sentinels: Callable[..., list[dict[str, Any]]]) -> None:
    gone = {"host": "127.0.0.1", "port": 1}

    assert await masters([gone, *sentinels(MASTER)]) == {MASTER[1:]}


@pytest.mark.parametrize("sayings", [(NOBODY, NOBODY), (SILENCE, NOBODY)])
async def test_no_master_is_an_error_that_names_none(
    sentinels: Callable[..., list[dict[str, Any]]], sayings: tuple[Saying, ...]
) -> None:
    arguments = sentinels(*sayings)

    with pytest.raises(MasterNotFoundError):
        Sentinels(arguments).discover_master("tasks")
    with pytest.raises(MasterNotFoundError):
        await AsyncSentinels(arguments).discover_master("tasks")


async def test_who_is_silent_costs_time_but_once(sentinels: Callable[..., list[dict[str, Any]]]) -> None:
    arguments = sentinels(SILENCE, MASTER, MASTER)
    blocking, by_asyncio = Sentinels(arguments), AsyncSentinels(arguments)
    blocking.discover_master("tasks")
    started = time.monotonic()

    blocking.discover_master("tasks")
    await by_asyncio.discover_master("tasks")

    assert time.monotonic() - started < MIN_TIMEOUT


async def test_near_sentinels_that_become_distant_are_waited_for(
    sentinels: Callable[..., list[dict[str, Any]]],
) -> None:
    said: list[Saying] = [FORMER]
    [arguments] = sentinels(lambda: said[-1])
    with Proxy(f"redis://127.0.0.1:{arguments['port']}").running() as road:
        far = [{"host": "127.0.0.1", "port": road.port}]
        blocking, by_asyncio = Sentinels(far), AsyncSentinels(far)
        assert blocking.discover_master("tasks") == FORMER[1:]
        assert await by_asyncio.discover_master("tasks") == FORMER[1:]

        road.round_trip = LONGEST_ROUND_TRIP
        said.append(MASTER)

        assert blocking.discover_master("tasks") == MASTER[1:]
        assert await by_asyncio.discover_master("tasks") == MASTER[1:]


@pytest.mark.parametrize("sayings", [(MASTER, MASTER, SILENCE), (FORMER, MASTER, MASTER)])
async def test_distant_sentinels_are_waited_for(
    sentinels: Callable[..., list[dict[str, Any]]], sayings: tuple[Saying, ...]
) -> None:
    arguments = sentinels(*sayings, after=0.15)

    for find in (Sentinels(arguments), AsyncSentinels(arguments)):
        await found_by(find)

        assert await found_by(find) == MASTER[1:]


@pytest.mark.parametrize("kind", [Sentinels, AsyncSentinels])
async def test_a_decision_outlives_the_answers_of_those_who_do_not_know_it_yet(
    sentinels: Callable[..., list[dict[str, Any]]], kind: type[Sentinels | AsyncSentinels]
) -> None:
    said = [MASTER]
    found = kind(sentinels(FORMER, lambda: said[0], lambda: said[0]))
    await found_by(found)

    said[0] = FORMER

    assert await found_by(found) == MASTER[1:]


async def found_by(sentinels: Sentinels | AsyncSentinels) -> tuple[str, int]:
    found = sentinels.discover_master("tasks")
    return await found if inspect.isawaitable(found) else found
