"""The line between the server's main process and a process that serves: orders one way, health the other."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess

from internal.infrastructure.bootstrap.orders import END, held

LIVE, READY, DRAIN, STOP = b"live", b"ready", b"drain", b"stop"

# Granian runs the loop for the application's start, and again to serve. In between a signal would be lost.
# The first run ends a few turns after this work has begun, and the rest of these turns are of the second.
TURNS_OF_START = 50


class ServingProcess:
    """What Granian needs of a process. It takes orders from us only, over its line.

    SIGTERM and SIGINT may be sent to every process of a service, or of a terminal, at once. The main process
    obeys them; one that serves goes on until it is told.
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
        with held(END):
            self._process.start()
        self._theirs.close()

    def terminate(self) -> None:
        self.tell(STOP)

    def tell(self, order: bytes) -> None:
        """From any thread, and from a signal's handler. It is kept until the process listens."""
        with suppress(OSError):  # it has ended
            self._line.send(order + b"\n")

    async def ask(self, question: bytes, *, within: float) -> bytes:
        """Always from the same event loop. Raise TimeoutError if there is no answer."""
        if not self._is_heard:
            self._is_heard = True
            with suppress(OSError):  # it has ended
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
    """Not a stream: its reader would be a task that is still pending when the server stops."""

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
    """In the process that serves, on the event loop that serves: answer what is asked, do what is ordered."""
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
    """Send Granian the one SIGTERM that it waits for. Others stay blocked: a second would cut requests."""
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
