"""HTTP for health checks, on a separate port.

It supports only the HTTP that a health check needs. Idle connections never delay an answer.
"""

import asyncio
import os
import socket
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
import structlog

from internal.infrastructure.inbound.readiness import RETRY_AFTER

log = structlog.get_logger(__name__)

# Connections without a request; beyond it, the oldest is closed. The event loop accepts up to 100 at once,
# and reads their requests some rounds later.
MOST_SILENT = 500
REQUEST_WITHIN = 5  # seconds, for the request to arrive and for the answer to leave
LARGEST_HEADER = 8 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: HTTPStatus
    body: bytes
    content_type: str = "application/json"
    allow: str | None = None

    @classmethod
    def json(cls, status: HTTPStatus, content: object) -> "Answer":
        return cls(status=status, body=msgspec.json.encode(content))

    def encoded(self, *, with_body: bool) -> bytes:
        head = [
            f"HTTP/1.1 {self.status} {self.status.phrase}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            *([f"Allow: {self.allow}"] if self.allow else []),
            *([f"Retry-After: {RETRY_AFTER}"] if self.status is HTTPStatus.SERVICE_UNAVAILABLE else []),
            "Connection: close",
        ]
        return "\r\n".join([*head, "", ""]).encode() + (self.body if with_body else b"")


Route = Callable[[], Awaitable[Answer]]

NOT_FOUND = Answer.json(HTTPStatus.NOT_FOUND, {"status": "not found"})
BAD_REQUEST = Answer.json(HTTPStatus.BAD_REQUEST, {"status": "bad request"})
FAILED = Answer.json(HTTPStatus.INTERNAL_SERVER_ERROR, {"status": "failed"})
NOT_ALLOWED = Answer(
    status=HTTPStatus.METHOD_NOT_ALLOWED, body=b'{"status":"method not allowed"}', allow="GET, HEAD"
)


class PrivateListener:
    """Answers on the socket `listening` in its own thread, until the process ends."""

    def __init__(
        self, listening: socket.socket, routes: Mapping[str, Route], *, most_silent: int = MOST_SILENT
    ) -> None:
        self._listening = listening
        self._routes = routes
        self._most_silent = most_silent
        self._connections: set[StreamWriter] = set()
        self._silent: dict[StreamWriter, None] = {}  # oldest first

    def start(self) -> None:
        os.register_at_fork(after_in_child=self._close_inherited)
        thread = threading.Thread(target=asyncio.run, args=(self._serve(),), daemon=True)
        thread.name = "private-listener"
        thread.start()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._converse, sock=self._listening, limit=LARGEST_HEADER)
        await server.serve_forever()

    async def _converse(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._connections.add(writer)
        self._let_in(writer)
        try:
            with suppress(OSError, TimeoutError):
                writer.write(await self._answer(reader, writer))
                async with asyncio.timeout(REQUEST_WITHIN):
                    await writer.drain()
        finally:
            self._connections.remove(writer)
            self._silent.pop(writer, None)
            writer.close()

    def _let_in(self, writer: StreamWriter) -> None:
        self._silent[writer] = None
        if len(self._silent) > self._most_silent:
            oldest = next(iter(self._silent))
            del self._silent[oldest]
            oldest.transport.abort()

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> bytes:
        try:
            # The answer has limits of its own: on a busy machine, a late one is better than none.
            async with asyncio.timeout(REQUEST_WITHIN):
                head = await reader.readuntil(b"\r\n\r\n")
            self._silent.pop(writer, None)
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        except asyncio.IncompleteReadError:
            return b""  # the client has left
        except (asyncio.LimitOverrunError, ValueError):
            return BAD_REQUEST.encoded(with_body=True)
        if method not in {"GET", "HEAD"}:
            return NOT_ALLOWED.encoded(with_body=True)
        route = self._routes.get(target.partition("?")[0])
        answer = await self._answer_of(route) if route else NOT_FOUND
        return answer.encoded(with_body=method == "GET")

    async def _answer_of(self, route: Route) -> Answer:
        try:
            return await route()
        except Exception:
            log.exception("private_listener.failed")  # a bug must not break other requests
            return FAILED

    def _close_inherited(self) -> None:
        """Close the sockets in a forked process. Otherwise they stay open after the parent closes them."""
        inherited = [self._listening, *(writer.get_extra_info("socket") for writer in self._connections)]
        for descriptor in [connection.fileno() for connection in inherited]:
            with suppress(OSError):
                os.close(descriptor)
