"""A server that is told to stop while it is busy."""

import os
import signal
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.support.polling import eventually
from tests.support.process_family import family_of
from tests.support.system import PASSWORD, System

pytestmark = pytest.mark.long

CLIENTS = 8
EXIT_WITHIN = 10  # seconds


class Load:
    """Clients that sign up one after the other, each on one connection, until it is refused."""

    def __init__(self, system: System) -> None:
        self._url = f"http://127.0.0.1:{system.port}/api/v1/auth/register"
        self._ended = threading.Event()
        self.answered: list[int] = []

    def run(self) -> None:
        with httpx.Client(timeout=15) as client:
            while not self._ended.is_set():
                body = {"email": f"{uuid4()}@example.com", "name": "Ada", "password": PASSWORD}
                with suppress(httpx.TransportError):
                    self.answered.append(client.post(self._url, json=body).status_code)

    @contextmanager
    def going_on(self) -> Generator[None]:
        with ThreadPoolExecutor(CLIENTS) as pool:
            for _ in range(CLIENTS):
                pool.submit(self.run)
            try:
                yield
            finally:
                self._ended.set()


@contextmanager
def taken_for_now(database_url: str, email: str) -> Generator[None]:
    """Hold a sign-up with this address up: another has it, in a transaction that is rolled back."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO users VALUES (gen_random_uuid(), %s, 'Eve', 'hash', now(), now())", [email]
        )
        yield
        connection.rollback()


def users(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        [count] = connection.execute("SELECT count(*) FROM users").fetchone() or [0]
        return int(count)


def is_waiting(database_url: str) -> bool:
    with psycopg.connect(database_url) as connection:
        return bool(connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone())


@pytest.mark.parametrize("workers", [1, 2])
def test_every_sign_up_that_is_stored_is_answered_while_the_server_stops(
    system: System, database_url: str, workers: int
) -> None:
    server = system.start_server(HTTP_WORKERS=str(workers))
    load = Load(system)
    with load.going_on():
        eventually(lambda: len(load.answered) > 2 * CLIENTS, within=20)
        started = time.monotonic()
        server.send_signal(signal.SIGTERM)
        code = server.wait(EXIT_WITHIN)
        took = time.monotonic() - started

    assert (code, set(load.answered)) == (0, {201})
    assert took < EXIT_WITHIN
    assert users(database_url) == len(load.answered)


def test_is_not_ready_before_it_stops_but_still_serves(system: System) -> None:
    server = system.start_server(HTTP_DRAIN_TIME="2")

    server.send_signal(signal.SIGTERM)
    eventually(lambda: system.get("/readyz").status_code == 503, within=1)
    readiness = system.get("/readyz").json()
    signed_up = system.sign_up("late@example.com")

    assert (readiness["status"], readiness["checks"]["running"]) == ("down", "failed")
    assert readiness["checks"]["database"] == "ok"
    assert signed_up.status_code == 201
    assert system.get("/livez").status_code == 200
    assert server.wait(EXIT_WITHIN) == 0


def test_who_tells_it_twice_does_not_wait(system: System) -> None:
    server = system.start_server(HTTP_DRAIN_TIME="60")

    server.send_signal(signal.SIGTERM)
    eventually(lambda: system.get("/readyz").status_code == 503, within=1)
    server.send_signal(signal.SIGTERM)

    assert server.wait(EXIT_WITHIN) == 0


@pytest.mark.parametrize("are_all_told", [False, True])
def test_finishes_a_slow_request(system: System, database_url: str, *, are_all_told: bool) -> None:
    server = system.start_server(HTTP_DRAIN_TIME="0")
    with ThreadPoolExecutor() as pool:
        with taken_for_now(database_url, "slow@example.com"):
            answer = pool.submit(system.sign_up, "slow@example.com")
            eventually(lambda: is_waiting(database_url), within=5)
            for pid in family_of(server.pid) if are_all_told else [server.pid]:
                os.kill(pid, signal.SIGTERM)
            time.sleep(1.5)
        code = server.wait(EXIT_WITHIN)

    assert (answer.result().status_code, code) == (201, 0)


def test_does_not_wait_for_a_request_that_does_not_end(system: System, database_url: str) -> None:
    server = system.start_server(HTTP_DRAIN_TIME="0", HTTP_SHUTDOWN_TIMEOUT="1")
    with ThreadPoolExecutor() as pool, taken_for_now(database_url, "slow@example.com"):
        answer = pool.submit(system.sign_up, "slow@example.com")
        eventually(lambda: is_waiting(database_url), within=5)
        server.send_signal(signal.SIGTERM)
        server.wait(4)

    assert isinstance(answer.exception(), httpx.TransportError)
