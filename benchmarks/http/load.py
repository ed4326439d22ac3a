"""A client that keeps a number of connections busy, and costs the measured programs little.

It sends prepared bytes and reads no more of an answer than its status and its length.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import cast

import uvloop

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
ANSWER_WITHIN = 20  # seconds


class RequestRefused(Exception):
    """An answer that is not a success. The text is the start of the answer."""


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as an answer is complete, until the end of the round."""

    def __init__(self, requests: Iterator[bytes], *, end: float) -> None:
        self._requests = requests
        self._end = end
        self._received = b""
        self._transport: asyncio.WriteTransport
        self.count = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(_END)
        if not found or len(body) < _length(head):
            return
        if not head.startswith(b"HTTP/1.1 20"):
            self._finish(RequestRefused(self._received[:500].decode()))
            return
        self._received = b""
        self.count += 1
        if time.perf_counter() < self._end:
            self._transport.write(next(self._requests))
        else:
            self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(exc or ConnectionResetError("the server closed the connection"))

    def _finish(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)
        self._transport.close()


def _length(head: bytes) -> int:
    return int(head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0])


def requests_in(seconds: float, requests: Iterator[bytes], *, port: int, clients: int) -> tuple[int, float]:
    """Return how many requests were answered, and in how many seconds."""
    return uvloop.run(_requests_in(seconds, requests, port=port, clients=clients))


async def _requests_in(
    seconds: float, requests: Iterator[bytes], *, port: int, clients: int
) -> tuple[int, float]:
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    made = [
        await loop.create_connection(lambda: _Connection(requests, end=began + seconds), "127.0.0.1", port)
        for _ in range(clients)
    ]
    connections = [connection for _, connection in made]
    async with asyncio.timeout(seconds + ANSWER_WITHIN):
        await asyncio.gather(*(connection.done for connection in connections))
    return sum(connection.count for connection in connections), time.perf_counter() - began
