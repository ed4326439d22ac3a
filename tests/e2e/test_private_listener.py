"""Health checks on a separate listener, which clients of the public one cannot keep busy."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.e2e.test_crowds import children_of
from tests.support.databases import new_database
from tests.support.polling import eventually
from tests.support.raw_client import connection, exchange
from tests.support.system import System

CROWD = 2200
ANSWERED_WITHIN = 1.5  # seconds
EXIT_WITHIN = 10  # seconds


@contextmanager
def silent_connections(port: int) -> Iterator[None]:
    with ExitStack() as open_sockets:
        for number in range(CROWD):
            client = open_sockets.enter_context(socket.socket())
            client.setblocking(False)  # noqa: FBT003 - the socket module's signature
            client.connect_ex(("127.0.0.1", port))
            if number % 100 == 0:
                time.sleep(0.01)  # no flood that the kernel itself would refuse
        yield


@pytest.fixture(scope="module")
def running(
    postgres: str, migrated_template: str, redis: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A server of two processes, which all of these tests ask."""
    with new_database(postgres, template=migrated_template) as database_url:
        logs = tmp_path_factory.mktemp("logs")
        system = System(database_url=database_url, redis_url=redis, mail_url="smtp://127.0.0.1:1", logs=logs)
        system.start("cmd.server", HTTP_WORKERS="2")
        try:
            yield system
        finally:
            system.stop()


@pytest.fixture
def server(running: System) -> System:
    eventually(lambda: running.get_private("/readyz").status_code == 200, within=20)
    return running


@pytest.mark.parametrize("whose", ["port", "private_port"])
def test_silent_connections_delay_no_answer(server: System, whose: str) -> None:
    with silent_connections(getattr(server, whose)):
        for path in ("/livez", "/readyz"):
            started = time.monotonic()
            answer = server.get_private(path)

            assert (answer.status_code, answer.json()["status"]) == (200, "ok")
            assert time.monotonic() - started < ANSWERED_WITHIN


def test_names_the_process_that_does_not_answer(server: System) -> None:
    frozen, other = server.get_private("/livez").json()["processes"]

    os.kill(int(frozen), signal.SIGSTOP)
    try:
        live, ready = server.get_private("/livez"), server.get_private("/readyz")
    finally:
        os.kill(int(frozen), signal.SIGCONT)

    assert (live.status_code, ready.status_code) == (503, 503)
    assert live.headers["Retry-After"] == ready.headers["Retry-After"] == "2"
    assert live.json() == {"status": "down", "processes": {frozen: "no answer within 1 s", other: "ok"}}
    assert ready.json()["status"] == "down"
    assert ready.json()["processes"] == {frozen: "no answer within 1 s", other: "ok"}
    eventually(lambda: server.get_private("/readyz").status_code == 200, within=5)


def test_a_process_that_is_replaced_answers_again(server: System) -> None:
    killed, other = server.get_private("/livez").json()["processes"]

    os.kill(int(killed), signal.SIGKILL)

    def replaced() -> bool:
        answer = server.get_private("/livez")
        return answer.status_code == 200 and killed not in answer.json()["processes"]

    eventually(replaced, within=15)
    assert other in server.get_private("/livez").json()["processes"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
        (b"GET /livez?verbose HTTP/1.0\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"POST /livez HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 405),
        (b"GET /livez\r\n\r\n", 400),
        (b"\xff\xfe\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nX: " + 9000 * b"x" + b"\r\n\r\n", 400),
    ],
    ids=["GET", "query", "another path", "POST", "no version", "no text", "large header"],
)
def test_answers_every_request_with_its_status(server: System, sent: bytes, status: int) -> None:
    [answer] = exchange(server.private_port, sent)

    assert answer.status == status
    assert answer.headers["Connection"] == "close"


def test_answers_head_without_a_body(server: System) -> None:
    with connection(server.private_port) as client:
        client.sendall(b"HEAD /livez HTTP/1.1\r\n\r\n")
        answer = client.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n")


def test_names_what_the_processes_miss(system: System) -> None:
    system.start("cmd.server", DATABASE_URL="postgresql://127.0.0.1:1/nothing")
    eventually(lambda: system.get_private("/livez").status_code == 200, within=20)

    ready = system.get_private("/readyz")

    assert (ready.status_code, ready.json()["status"]) == (503, "down")
    assert ready.json()["checks"] == {"database": "failed", "redis": "ok"}
    assert set(ready.json()["processes"].values()) == {"down"}


def test_says_in_one_line_that_the_private_port_is_in_use(system: System) -> None:
    with socket.create_server(("127.0.0.1", system.private_port)):
        result = system.run("cmd.server")

    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith(f"cmd.server: cannot listen on 127.0.0.1 port {system.private_port} ")
    assert "PRIVATE_PORT" in line


def test_says_in_one_line_that_both_ports_are_the_same(system: System) -> None:
    result = system.run("cmd.server", PRIVATE_PORT=str(system.port))

    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert "HTTP_PORT" in line
    assert "PRIVATE_PORT" in line


def test_a_second_server_takes_another_port_if_none_was_chosen(system: System) -> None:
    with _on_the_usual_port():
        system.start_server(PRIVATE_PORT="")

        eventually(lambda: "server.private_port_taken" in system.log("cmd.server"), within=5)


@contextmanager
def _on_the_usual_port() -> Iterator[None]:
    """Whether it is we or somebody else: it is in use."""
    with ExitStack() as listening:
        with suppress(OSError):
            listening.enter_context(socket.create_server(("127.0.0.1", 9090)))
        yield


def test_a_stop_that_is_sent_to_every_process_is_one_order(system: System) -> None:
    """As systemd stops a service, and Ctrl-C a program in a terminal."""
    server = system.start_server(HTTP_WORKERS="2", HTTP_DRAIN_TIME="2")

    for pid in [server.pid, *children_of(server.pid)]:
        os.kill(pid, signal.SIGTERM)
    eventually(lambda: system.get_private("/readyz").status_code == 503, within=1)
    signed_up = system.sign_up("late@example.com")

    assert system.get_private("/readyz").json()["checks"]["running"] == "failed"
    assert system.get_private("/livez").status_code == 200
    assert signed_up.status_code == 201
    assert server.wait(EXIT_WITHIN) == 0
    assert "Unexpected exit" not in system.log("cmd.server")
    assert '"level": "error"' not in system.log("cmd.server")


@pytest.mark.long
@pytest.mark.parametrize("later", [0, 0.2], ids="after {} s".format)
def test_stops_in_order_while_its_processes_are_starting(system: System, later: float) -> None:
    server = system.start("cmd.server", HTTP_DRAIN_TIME="0.2", HTTP_WORKERS="2")
    eventually(lambda: "Spawning worker-2" in system.log("cmd.server"), within=20)
    time.sleep(later)

    _tell_all(server)

    assert server.wait(EXIT_WITHIN) == 0
    assert "Killing" not in system.log("cmd.server")
    assert "Unexpected exit" not in system.log("cmd.server")


def _tell_all(server: "subprocess.Popen[bytes]") -> None:
    for pid in [server.pid, *children_of(server.pid)]:
        os.kill(pid, signal.SIGTERM)
