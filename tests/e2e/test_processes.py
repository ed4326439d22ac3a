"""How the processes start, refuse to start, and stop."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.polling import eventually
from tests.support.smtp_server import SmtpServer
from tests.support.system import System

NOWHERE = "127.0.0.1:1"


def test_worker_finishes_what_is_running_when_it_is_told_to_stop(
    system: System, smtp_server: SmtpServer
) -> None:
    system.start_server()
    worker = system.start_worker()
    for number in range(10):
        system.sign_up(f"user{number}@example.com")

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(27) == 0
    system.start_worker()
    eventually(lambda: len(smtp_server.messages()) >= 10, within=20)
    assert (
        len({message["Message-ID"] for message in smtp_server.messages()})
        == len(smtp_server.messages())
        == 10
    )


@pytest.mark.parametrize("seconds", [0.6, 1.0, 1.4])
def test_worker_that_is_told_to_stop_while_it_starts_ends_well(system: System, seconds: float) -> None:
    worker = system.start("cmd.worker")
    time.sleep(seconds)

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(27) == 0


def test_worker_waits_for_a_slow_mail_server_no_longer_than_it_may_when_it_is_told_to_stop(
    system: System, smtp_server: SmtpServer
) -> None:
    system.start_server()
    worker = system.start_worker(WORKER_SHUTDOWN_TIMEOUT="1")
    smtp_server.hangs_at = "."
    system.sign_up("ada@example.com")
    eventually(lambda: len(smtp_server.handed_over) == 1, within=10)

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(6) == 0


def test_server_finishes_and_exits_when_it_is_told_to_stop(system: System) -> None:
    server = system.start_server()

    server.send_signal(signal.SIGTERM)

    assert server.wait(10) == 0


def test_a_killed_server_leaves_no_process_behind(system: System) -> None:
    server = system.start_server()
    children = _children(server.pid)
    assert children

    server.kill()

    eventually(lambda: not any(_runs(child) for child in children), within=5)


def test_server_says_in_one_line_that_its_port_is_in_use(system: System) -> None:
    with socket.create_server(("127.0.0.1", system.port)):
        result = system.run("cmd.server")

    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert f"port {system.port}" in line
    assert "HTTP_PORT" in line


def test_worker_says_in_one_line_what_it_cannot_reach(system: System, unmigrated_database_url: str) -> None:
    results = {
        "Redis": system.run("cmd.worker", REDIS_URL=f"redis://{NOWHERE}/0"),
        "Postgres": system.run("cmd.worker", DATABASE_URL=f"postgresql://{NOWHERE}/x"),
        "schema": system.run("cmd.worker", DATABASE_URL=unmigrated_database_url),
    }

    for word, result in results.items():
        assert result.returncode == 1
        [line] = result.stderr.splitlines()
        assert line.startswith("cmd.worker: ")
        assert word in line


def test_worker_ends_although_it_cannot_close_what_it_could_not_open(system: System) -> None:
    past_the_entry_point = (
        "from internal.infrastructure.bootstrap.worker.run_worker import run_worker\n"
        "from internal.infrastructure.config.settings import load_settings\n"
        "run_worker(load_settings())"
    )
    result = subprocess.run(
        [sys.executable, "-c", past_the_entry_point],
        env={**system.env, "DATABASE_URL": "postgresql://db/x?no_such_parameter=1"},
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert result.returncode == 1


def test_every_process_names_a_wrong_setting_and_exits_2(system: System) -> None:
    for command in (["cmd.server"], ["cmd.worker"], ["cmd.dev"], ["cmd.admin", "worker", "ping"]):
        result = system.run(*command, HTTP_PORT="nonsense", MAIL_URL="nonsense")

        assert result.returncode == 2
        assert [line.split(":")[1].strip() for line in result.stderr.splitlines()] == [
            "HTTP_PORT",
            "MAIL_URL",
        ]


def test_worker_wants_at_least_one_process(system: System) -> None:
    result = system.run("cmd.worker", "--processes", "0")

    assert result.returncode == 2
    assert "--processes must be at least 1" in result.stderr


@pytest.mark.parametrize("command", [["cmd.server"], ["cmd.worker"], ["cmd.admin", "db", "migrate"]])
def test_every_process_names_a_url_that_no_client_takes_and_exits_2(
    system: System, command: list[str]
) -> None:
    result = system.run(
        *command,
        DATABASE_URL="postgresql://app:hunter2@localhost/app?foo=bar",
        REDIS_URL="redis://:hunter2@localhost?socket_timeout=abc",
    )

    assert result.returncode == 2
    assert [line.split(":")[1].strip() for line in result.stderr.splitlines()] == [
        "DATABASE_URL",
        "REDIS_URL",
    ]
    assert "hunter2" not in result.stderr


def test_worker_ping_names_a_redis_url_that_no_client_takes(system: System) -> None:
    result = system.run("cmd.admin", "worker", "ping", REDIS_URL="redis://localhost?foo=bar")

    assert result.returncode == 2
    [line] = result.stderr.splitlines()
    assert line.startswith("cmd.admin: REDIS_URL: ")


def test_server_says_in_one_line_that_its_host_has_no_address(system: System) -> None:
    result = system.run("cmd.server", HTTP_HOST="a..b")

    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("cmd.server: HTTP_HOST: ")


def test_production_refuses_the_development_defaults_and_names_every_one(system: System) -> None:
    started = time.monotonic()
    unset = {"DATABASE_URL": "", "REDIS_URL": "", "MAIL_URL": ""}
    result = system.run("cmd.server", APP_ENV="production", LOG_FORMAT="xml", **unset)

    assert result.returncode == 2
    named = {line.split(":")[1].strip() for line in result.stderr.splitlines()}
    assert named == {
        "APP_BASE_URL",
        "DATABASE_URL",
        "JWT_SECRET",
        "LOG_FORMAT",
        "MAIL_URL",
        "PASSWORD_HASH_MEMORY",
        "PASSWORD_HASH_TIME",
        "RATE_LIMIT_LOGIN_FAILURES",
        "REDIS_URL",
        "TRUSTED_PROXIES",
    }
    assert time.monotonic() - started < 10


def test_worker_ping_tells_whether_a_worker_is_up(system: System, own_redis: EmbeddedRedis) -> None:
    system.env["REDIS_URL"] = own_redis.url
    assert system.run("cmd.admin", "worker", "ping").returncode == 1
    worker = system.start_worker()

    up = system.run("cmd.admin", "worker", "ping")
    worker.send_signal(signal.SIGTERM)
    worker.wait(27)
    down = system.run("cmd.admin", "worker", "ping")

    assert (up.returncode, down.returncode) == (0, 1)
    assert up.stdout.startswith("up on ")


def test_admin_says_in_one_line_what_it_cannot_reach(system: System) -> None:
    ping = system.run("cmd.admin", "worker", "ping", REDIS_URL=f"redis://{NOWHERE}/0")
    migrate = system.run("cmd.admin", "db", "migrate", DATABASE_URL=f"postgresql://{NOWHERE}/x")

    for result in (ping, migrate):
        assert result.returncode == 1
        assert len(result.stderr.splitlines()) == 1


def test_log_lines_hold_no_personal_data(system: System, smtp_server: SmtpServer) -> None:
    smtp_server.rcpt_reply = "451 canary@example.com: try again"
    system.start_server(LOG_LEVEL="DEBUG")
    system.start_worker(LOG_LEVEL="DEBUG")

    system.sign_up("canary@example.com")
    eventually(lambda: "task.failed" in system.log("cmd.worker"), within=10)

    logs = system.log("cmd.server") + system.log("cmd.worker")
    assert "email:welcome" in logs
    assert "canary" not in logs
    assert "Lovelace" not in logs
    assert "correct horse" not in logs


def _children(pid: int) -> list[int]:
    listing = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(child) for child in listing.stdout.split()]


def _runs(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_misspelt_setting_is_a_warning(system: System) -> None:
    migrated = system.run("cmd.admin", "db", "migrate", HTTP_PROT="8081")
    system.start_worker(HTTP_PROT="8081")

    assert migrated.stderr.startswith("cmd.admin: HTTP_PROT is not a setting; did you mean HTTP_PORT?\n")
    assert system.log("cmd.worker").count("settings.unknown_name") == 1
