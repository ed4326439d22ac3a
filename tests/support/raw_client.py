"""HTTP by hand, to say what no client library would."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.client import parse_headers
from typing import BinaryIO

ANSWERED_WITHIN = 5  # seconds

GET = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"
SIGN_UP = b"POST /api/v1/auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LAST = b"Connection: close\r\n"
END = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    version: bytes
    status: int
    headers: Message
    body: bytes

    @property
    def is_problem(self) -> bool:
        return self.headers["Content-Type"] == "application/problem+json"


@contextmanager
def connection(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWERED_WITHIN) as open_socket:
        yield open_socket


def exchange(
    port: int, request: bytes, *, then_close: bool = False, are_bodiless: bool = False
) -> list[Answer]:
    """Send this, and return every answer that comes until the server closes the connection.

    `then_close` says that nothing more will be sent; the answers are still read. A server that has heard
    enough may also reset the connection: what it had answered until then counts. Answers to HEAD
    `are_bodiless`.
    """
    answers: list[Answer] = []
    with connection(port) as client, client.makefile("rb") as stream:
        with suppress(ConnectionError):
            client.sendall(request)
            if then_close:
                client.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            answers.extend(_answers(stream, are_bodiless=are_bodiless))
    return answers


def _answers(stream: BinaryIO, *, are_bodiless: bool) -> Iterator[Answer]:
    while line := stream.readline():
        version, status = line.split()[:2]
        headers = parse_headers(stream)
        body = b"" if are_bodiless else stream.read(int(headers["Content-Length"] or 0))
        yield Answer(version=version, status=int(status), headers=headers, body=body)
