"""`cmd.grpc` as an operator starts it."""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import psycopg
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from internal.infrastructure.embedded.process import free_port
from internal.infrastructure.grpc.generated.user.user_pb2 import CreateUserRequest, LoginResponse
from internal.infrastructure.grpc.generated.user.user_pb2_grpc import UserServiceStub
from tests.support.polling import eventually
from tests.support.smtp_server import SmtpServer
from tests.support.system import PASSWORD, STARTS_WITHIN, System

WITHIN = 30  # seconds
PATIENT = {"DATABASE_STATEMENT_TIMEOUT": "600", "GRPC_CALL_TIMEOUT": "600", "GRPC_SHUTDOWN_TIMEOUT": "600"}
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


class Door:
    """A started `cmd.grpc` and a channel to it."""

    def __init__(self, system: System, channel: grpc.Channel, *, port: int, **env: str) -> None:
        self._system = system
        self.port = port
        self.process = system.start("cmd.grpc", GRPC_PORT=str(port), **env)
        eventually(lambda: "grpc.started" in system.log("cmd.grpc"), within=STARTS_WITHIN)
        self._users = UserServiceStub(channel)
        self._health = HealthStub(channel)

    def sign_up(self) -> LoginResponse:
        request = CreateUserRequest(email="ada@example.com", name="Ada Lovelace", password=PASSWORD)
        return self._users.CreateUser(request, timeout=2 * WITHIN)

    def health(self) -> int:
        answer = self._health.Check(HealthCheckRequest(), timeout=WITHIN)  # type: ignore[attr-defined]  # its types lack it
        return int(answer.status)

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._system.log("cmd.grpc").splitlines()]


@contextmanager
def opened(system: System, **env: str) -> Iterator[Door]:
    port = free_port()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Door(system, channel, port=port, **env)


@contextmanager
def held_up(system: System) -> Iterator[Callable[[], None]]:
    """Nobody reads a user during the body, which can wait until a statement waits."""
    url = system.env["DATABASE_URL"]
    with psycopg.connect(url) as holding, psycopg.connect(url, autocommit=True) as looking:
        holding.execute("LOCK TABLE users")
        yield lambda: eventually(lambda: looking.execute(WAITING).fetchone() == (1,), within=WITHIN)


def test_a_sign_up_gets_its_welcome_mail(system: System, smtp_server: SmtpServer) -> None:
    system.start_worker()
    with opened(system) as door:
        user = door.sign_up().user

    eventually(lambda: bool(smtp_server.messages()), within=WITHIN)
    assert [message["To"] for message in smtp_server.messages()] == [user.email]


def test_its_health_is_that_of_postgres(system: System) -> None:
    with opened(system) as door:
        assert door.health() == HealthCheckResponse.SERVING
        assert system.get_private("/livez").json() == {"status": "ok"}
        assert system.get_private("/readyz").json()["checks"] == {"database": "ok", "redis": "ok"}


def test_lives_and_is_not_ready_without_postgres(system: System) -> None:
    nowhere = f"postgresql://nobody:secret@127.0.0.1:{free_port()}/nothing"

    with opened(system, DATABASE_URL=nowhere) as door:
        assert door.health() == HealthCheckResponse.NOT_SERVING
        assert system.get_private("/livez").status_code == 200
        assert system.get_private("/readyz").status_code == 503
        with pytest.raises(grpc.RpcError) as refused:
            door.sign_up()

    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "secret" not in system.log("cmd.grpc")


def test_finishes_a_running_call_when_told_to_stop(system: System) -> None:
    with opened(system, GRPC_DRAIN_TIME="0", **PATIENT) as door, ThreadPoolExecutor(1) as pool:
        with held_up(system) as await_statement:
            running = pool.submit(door.sign_up)
            await_statement()
            door.process.send_signal(signal.SIGTERM)
            eventually(lambda: door.health() == HealthCheckResponse.NOT_SERVING, within=WITHIN)
            with pytest.raises(grpc.RpcError) as refused:
                door.sign_up()

        answer = running.result(timeout=WITHIN)
        code = door.process.wait(WITHIN)

    assert (answer.user.email, code) == ("ada@example.com", 0)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_reports_that_it_stops_before_it_does(system: System) -> None:
    with opened(system, GRPC_DRAIN_TIME="3600") as door:
        door.process.send_signal(signal.SIGTERM)

        eventually(lambda: door.health() == HealthCheckResponse.NOT_SERVING, within=WITHIN)
        assert system.get_private("/readyz").json()["checks"]["running"] == "failed"
        assert door.sign_up().token

        door.process.send_signal(signal.SIGINT)  # hurries
        assert door.process.wait(WITHIN) == 0


def test_a_second_signal_ends_a_running_call(system: System) -> None:
    with (
        opened(system, GRPC_DRAIN_TIME="0", **PATIENT) as door,
        ThreadPoolExecutor(1) as pool,
        held_up(system) as await_statement,
    ):
        running = pool.submit(door.sign_up)
        await_statement()
        door.process.send_signal(signal.SIGTERM)
        eventually(lambda: door.health() == HealthCheckResponse.NOT_SERVING, within=WITHIN)

        door.process.send_signal(signal.SIGTERM)

        assert door.process.wait(WITHIN) == 0
        assert isinstance(running.exception(timeout=WITHIN), grpc.RpcError)


def test_names_the_port_that_is_in_use(system: System) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ended = system.run("cmd.grpc", GRPC_PORT=str(port))

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        f"cmd.grpc: cannot listen on 127.0.0.1 port {port} (Address already in use): "
        "stop the program that uses it, or set GRPC_PORT to another port"
    )


def test_writes_nothing_but_log_lines(system: System) -> None:
    with opened(system) as door:
        with socket.create_connection(("127.0.0.1", door.port)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
            stranger.recv(1000)
        door.process.terminate()
        door.process.wait(WITHIN)

        assert all("event" in line for line in door.lines())
