"""Servers that do one thing with every connection, and then close it."""

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

Handler = Callable[[socket.socket], object]


@contextmanager
def listening(handle: Handler) -> Iterator[int]:
    """Yield the port on localhost. Connections are handled one after the other, and end with the test."""
    current: list[socket.socket] = []

    def accept_all() -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    current[:] = [connection]
                    handle(connection)

    with ThreadPoolExecutor(1) as pool, socket.create_server(("127.0.0.1", 0)) as listener:
        pool.submit(accept_all)
        yield listener.getsockname()[1]
        for each in (listener, *current):
            with suppress(OSError):  # it is closed already
                each.shutdown(socket.SHUT_RDWR)


def close(connection: socket.socket) -> None:
    """As a server does that expects TLS and reads something else."""
    connection.recv(1)


def say_nothing(connection: socket.socket) -> None:
    """Until the other side has given up."""
    while connection.recv(1000):
        pass


def speak_tls(tls: ssl.SSLContext) -> Handler:
    def shake_hands(connection: socket.socket) -> None:
        with tls.wrap_socket(connection, server_side=True) as encrypted:
            encrypted.recv(1)

    return shake_hands


def speak_postgres_tls(tls: ssl.SSLContext) -> Handler:
    """As a Postgres does that is asked for TLS."""
    shake_hands = speak_tls(tls)

    def answer(connection: socket.socket) -> None:
        connection.recv(8)
        connection.sendall(b"S")
        shake_hands(connection)

    return answer
