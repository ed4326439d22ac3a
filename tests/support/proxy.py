"""A TCP proxy in front of a service: it is slow and far away, loses replies, cuts and refuses connections."""

import asyncio
import math
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from internal.infrastructure.embedded.process import free_port

CHUNK = 64 * 1024  # bytes


class Proxy:
    """Drops what the service is sent while `is_mute`, and what it replies while `is_deaf`.

    `round_trip` is in seconds, `rate` in bytes a second of one connection, each way.
    """

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._arriving: set[asyncio.Task[None]] = set()
        self._listener: socket.socket | None = None
        self.is_deaf = False
        self.is_mute = False
        self.round_trip = 0.0
        self.rate = math.inf
        self._forgotten: set[asyncio.StreamWriter] = set()
        self.port = free_port()

    @property
    def url(self) -> str:
        user, at, _ = self._target.netloc.rpartition("@")
        return self._target._replace(netloc=f"{user}{at}127.0.0.1:{self.port}").geturl()

    def refuse(self) -> None:
        """End every connection, and let nobody connect."""
        asyncio.run_coroutine_threadsafe(self._stop_listening(), self._loop).result()
        self.cut()

    def heal(self) -> None:
        self.is_deaf = self.is_mute = False
        if self._listener is None:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def cut(self) -> None:
        """End every connection, at whatever moment it is."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()

    def forget(self) -> None:
        """Pass nothing more on over the connections that there are, as a firewall does, and tell nobody."""
        asyncio.run_coroutine_threadsafe(self._forget(), self._loop).result()

    def cut_at_random(self, times: int, *, seed: int) -> None:
        """Lose replies for a moment before each cut: what was asked for is done, and nobody is told."""
        draw = random.Random(seed)  # noqa: S311 - the same moments in every run
        for _ in range(times):
            time.sleep(draw.uniform(0.05, 0.25))
            self.is_deaf = True
            time.sleep(draw.uniform(0, 0.02))
            self.cut()
            self.is_deaf = False

    async def _cut(self) -> None:
        if self._arriving:
            await asyncio.wait(self._arriving)
        for writer in list(self._writers):
            writer.transport.abort()

    async def _forget(self) -> None:
        self._forgotten |= self._writers

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        arrival = self._loop.create_task(self._arrive(connection))
        self._arriving.add(arrival)
        arrival.add_done_callback(self._arriving.discard)

    async def _arrive(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        self._writers.add(writer)
        self._keep(asyncio.create_task(self._connect(reader, writer)))

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.round_trip)  # to shake hands
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._target.port)
        except OSError:
            writer.transport.abort()
            return
        if writer.is_closing():
            upstream_writer.transport.abort()
            return
        self._writers.add(upstream_writer)
        for source, sink, is_reply in ((reader, upstream_writer, False), (upstream_reader, writer, True)):
            self._keep(asyncio.create_task(self._pump(source, sink, is_reply=is_reply)))

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_reply: bool
    ) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.create_task(self._deliver(under_way, sink))
        is_free_at = 0.0
        with suppress(OSError):
            while data := await source.read(CHUNK):
                if not ((self.is_deaf if is_reply else self.is_mute) or sink in self._forgotten):
                    is_free_at = max(is_free_at, self._loop.time()) + len(data) / self.rate
                    under_way.put_nowait((is_free_at + self.round_trip / 2, data))
        under_way.put_nowait((self._loop.time() + self.round_trip / 2, b""))
        await delivery
        self._writers.discard(sink)
        self._forgotten.discard(sink)

    async def _deliver(
        self, under_way: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        """In order, each when it is due; nothing ends the connection."""
        with suppress(OSError):
            while True:
                due, data = await under_way.get()
                if due > self._loop.time():
                    await asyncio.sleep(due - self._loop.time())
                if not data:
                    break
                sink.write(data)
                await sink.drain()
        sink.transport.abort()

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    async def _listen(self) -> None:
        # A server of asyncio's leaks the connection that it accepts just before it closes (gh-109564).
        self._listener = listener = socket.create_server(("127.0.0.1", self.port), backlog=100)
        listener.settimeout(0)
        self._loop.add_reader(listener, self._accept, listener)

    async def _stop_listening(self) -> None:
        if self._listener:
            self._loop.remove_reader(self._listener)
            self._listener.close()
        self._listener = None

    async def _end(self) -> None:
        await self._stop_listening()
        await self._cut()
        while self._tasks:
            await self._cut()
            await asyncio.wait(self._tasks)
