"""The connection from the server's main process to a serving process: orders one way, health the other."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess

from internal.infrastructure.bootstrap.process.process_signals import STOP_SIGNALS, held

LIVE, READY, DRAIN, STOP = b"live", b"ready", b"drain", b"stop"

# Granian runs the loop to start the application, and again to serve. In between, a signal would be lost. The
# first run ends a few turns after this coroutine starts, so the rest of these turns belong to the second.
TURNS_OF_START = 50


class ServingProcess:
    """A process as Granian needs it. It takes orders only from the main process, over the connection.

    SIGTERM and SIGINT may reach every process of a service or a terminal at once. The main process obeys
    them. A serving process continues until the main process tells it to stop.
    """

    def __init__(self, process: BaseProcess, *, ours: socket.socket, theirs: socket.socket) -> None:
        self._process = process
        self._line = ours
        self._theirs = theirs
        self._asked: dict[bytes, asyncio.Future[bytes]] = {}
        self._is_heard = False
        self.join = process.join
        self.is_alive = process.is_alive
        self.kill = process.kill

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def start(self) -> None:
        with held(STOP_SIGNALS):
            self._process.start()
        self._theirs.close()

    def terminate(self) -> None:
        self.tell(STOP)

    def tell(self, order: bytes) -> None:
        """Send an order, from any thread or a signal handler. It is kept until the process listens."""
        with suppress(OSError):  # the process has ended
            self._line.send(order + b"\n")

    async def ask(self, question: bytes, *, within: float) -> bytes:
        """Return the answer. Call it from one event loop only. Raises TimeoutError if there is no answer."""
        if not self._is_heard:
            self._is_heard = True
            with suppress(OSError):  # the process has ended
                await asyncio.get_running_loop().create_connection(
                    lambda: _Lines(self._hear), sock=self._line
                )
        if question not in self._asked:
            self._asked[question] = asyncio.get_running_loop().create_future()
            self.tell(question)
        async with asyncio.timeout(within):
            return await asyncio.shield(self._asked[question])

    def _hear(self, line: bytes) -> None:
        question, _, answer = line.partition(b" ")
        if asked := self._asked.pop(question, None):
            asked.set_result(answer)


class _Lines(asyncio.Protocol):
    """Calls `hear` with each line. A stream would leave a pending task when the server stops."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._hear(line)


async def obey_main_process(
    line: socket.socket, *, drain: Callable[[], None], readiness: Callable[[], Awaitable[bytes]]
) -> None:
    """In a serving process: answer questions and obey orders, on the event loop that serves."""
    for _ in range(TURNS_OF_START):
        await asyncio.sleep(0)
    reader, writer = await asyncio.open_connection(sock=line)

    async def tell_readiness() -> None:
        writer.write(READY + b" " + await readiness() + b"\n")

    async with asyncio.TaskGroup() as tasks:
        while order := await reader.readline():
            match order.rstrip():
                case b"live":
                    writer.write(LIVE + b"\n")
                case b"ready":
                    tasks.create_task(tell_readiness())
                case b"drain":
                    drain()
                case b"stop":
                    _stop()


def _stop() -> None:
    """Send Granian the one SIGTERM that it waits for. Others stay blocked: a second would abort requests."""
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
