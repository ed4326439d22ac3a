"""Clients that are silent, or send slowly, byte by byte to the real server; the limits are shortened."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.databases import new_database
from tests.support.raw_client import CHUNKED, END, GET, SIGN_UP, connection
from tests.support.system import System

HEADER_TIMEOUT = 1.0  # seconds
BODY_TIMEOUT = 1.5
TRICKLE = 0.1  # seconds between two bytes

Start = Callable[[socket.socket], None]


@pytest.fixture(scope="module")
def server(
    postgres: str, migrated_template: str, redis: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    directory = tmp_path_factory.mktemp("slow")
    with new_database(postgres, template=migrated_template) as url:
        system = System(
            database_url=url, redis_url=redis, mail_url=(directory / "mail").as_uri(), logs=directory
        )
        try:
            system.start_server(HTTP_HEADER_TIMEOUT=str(HEADER_TIMEOUT), HTTP_BODY_TIMEOUT=str(BODY_TIMEOUT))
            yield system
        finally:
            system.stop()


def trickle(client: socket.socket, *, until: float) -> tuple[bytes, float]:
    """Send a byte now and then until the server closes; return what it said, and after how long it closed."""
    started = time.monotonic()
    said = b""
    client.settimeout(TRICKLE)
    while (seconds := time.monotonic() - started) < until:
        try:
            client.sendall(b"1")
            if not (part := client.recv(4096)):
                break
            said += part
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return said, seconds


def listen(client: socket.socket, *, until: float) -> tuple[bytes, float]:
    """Send nothing; return what the server said until it closed, and after how long it did."""
    started = time.monotonic()
    said = b""
    client.settimeout(until)
    while part := client.recv(4096):
        said += part
    return said, time.monotonic() - started


def test_ends_a_connection_on_which_nothing_is_said(server: System) -> None:
    with connection(server.port) as client:
        said, seconds = listen(client, until=5 * HEADER_TIMEOUT)

    assert not said.startswith(b"HTTP/1.1 2")
    assert HEADER_TIMEOUT / 2 < seconds < 3 * HEADER_TIMEOUT


def test_ends_a_connection_that_is_idle_after_an_answer(server: System) -> None:
    with connection(server.port) as client:
        client.sendall(GET + END)
        said, seconds = listen(client, until=5 * HEADER_TIMEOUT)

    assert said.startswith(b"HTTP/1.1 200 ")
    assert HEADER_TIMEOUT / 2 < seconds < 3 * HEADER_TIMEOUT


def test_ends_a_connection_whose_header_comes_too_slowly(server: System) -> None:
    with connection(server.port) as client:
        client.sendall(GET + b"X-Slow: ")
        said, seconds = trickle(client, until=5 * HEADER_TIMEOUT)

    assert not said.startswith(b"HTTP/1.1 2")
    assert HEADER_TIMEOUT / 2 < seconds < 3 * HEADER_TIMEOUT


@pytest.mark.parametrize("framing", [b"Content-Length: 1000\r\n", CHUNKED], ids=["length", "chunks"])
def test_answers_408_to_a_body_that_comes_too_slowly_and_closes(server: System, framing: bytes) -> None:
    with connection(server.port) as client:
        client.sendall(SIGN_UP + framing + END + (b"3e8\r\n{" if framing == CHUNKED else b"{"))
        said, seconds = trickle(client, until=5 * BODY_TIMEOUT)

    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in said
    assert BODY_TIMEOUT / 2 < seconds < 3 * BODY_TIMEOUT


def test_answers_408_to_a_body_that_never_comes(server: System) -> None:
    with connection(server.port) as client:
        client.sendall(SIGN_UP + b"Content-Length: 1000\r\n" + END)
        said, seconds = listen(client, until=5 * BODY_TIMEOUT)

    assert said.startswith(b"HTTP/1.1 408 ")
    assert BODY_TIMEOUT / 2 < seconds < 3 * BODY_TIMEOUT


def test_does_not_wait_for_a_body_that_nobody_wants(server: System) -> None:
    with connection(server.port) as client:
        client.sendall(b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n" + END + b"{")
        said, seconds = trickle(client, until=5 * BODY_TIMEOUT)

    assert said.startswith(b"HTTP/1.1 404 ")
    assert seconds < 2 * BODY_TIMEOUT


def test_takes_a_slow_body_that_is_whole_in_time(server: System) -> None:
    body = b'{"email": "slow@example.com", "name": "Ada", "password": "correct horse"}'
    with connection(server.port) as client:
        client.sendall(SIGN_UP + b"Content-Length: %d\r\nConnection: close\r\n" % len(body) + END)
        for start in range(0, len(body), 10):
            client.sendall(body[start : start + 10])
            time.sleep(0.05)
        said, _ = listen(client, until=5)

    assert said.startswith(b"HTTP/1.1 201 ")
    assert '"level": "error"' not in server.log("cmd.server")
