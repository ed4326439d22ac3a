"""What the load generator could do: a server in another process that has one answer for everything."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import cast

import uvloop

from benchmarks.http.load import requests_in
from internal.infrastructure.embedded.process import free_port

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n" + b"x" * 400


class _Answering(asyncio.Protocol):
    _transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, _: bytes) -> None:
        self._transport.write(_ANSWER)


def most_requests_per_second(requests: Iterator[bytes], *, seconds: float, clients: int) -> float:
    with _answering() as port:
        count, took = requests_in(seconds, requests, port=port, clients=clients)
    return count / took


@contextmanager
def _answering() -> Iterator[int]:
    port, is_ready = free_port(), multiprocessing.Event()
    process = multiprocessing.Process(target=_serve, args=(port, is_ready), daemon=True)
    process.start()
    is_ready.wait()
    try:
        yield port
    finally:
        process.kill()
        process.join()


def _serve(port: int, is_ready: Event) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", port)
        is_ready.set()
        await server.serve_forever()

    uvloop.run(serve())
