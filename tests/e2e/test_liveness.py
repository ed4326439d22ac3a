"""Whether the processes of this machine are alive, while the services are up and while they are not."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from internal.infrastructure.bootstrap.admin.run_admin import LocatedInstallation
from internal.infrastructure.cli.app import app
from internal.infrastructure.embedded.process import free_port
from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.polling import eventually
from tests.support.process_family import family_of, frozen
from tests.support.system import System

pytestmark = pytest.mark.long


def asks(system: System, *command: str) -> Result:
    runner = CliRunner(env=system.env)
    return runner.invoke(
        app, command, obj=LocatedInstallation(), prog_name="cmd.admin", catch_exceptions=False
    )


def is_alive(system: System) -> bool:
    return asks(system, "worker", "alive").exit_code == 0


def child_of(worker: "subprocess.Popen[bytes]") -> int:
    [_, child] = family_of(worker.pid)
    return child


def test_a_worker_is_alive_without_redis_and_not_when_it_stands_still(
    system: System, own_redis: EmbeddedRedis, tmp_path: Path
) -> None:
    system.env |= {"REDIS_URL": own_redis.url, "RUNTIME_DIRECTORY": str(tmp_path / "run")}
    worker = system.start_worker()
    eventually(lambda: str(child_of(worker)) in asks(system, "worker", "alive").stdout, within=10)

    own_redis.stop()
    eventually(lambda: "taskqueue.unreachable" in system.log("cmd.worker"), within=20)
    without_redis = asks(system, "worker", "alive")
    with frozen(child_of(worker)):
        eventually(lambda: not is_alive(system), within=20)
        stuck = asks(system, "worker", "alive")
    eventually(lambda: is_alive(system), within=10)

    assert without_redis.exit_code == 0
    assert f"process {child_of(worker)}: last heartbeat" in stuck.stderr


def test_a_worker_that_was_killed_is_not_alive_although_it_left_its_files(
    system: System, tmp_path: Path
) -> None:
    system.env["RUNTIME_DIRECTORY"] = str(tmp_path / "run")
    worker = system.start_worker()
    eventually(lambda: str(child_of(worker)) in asks(system, "worker", "alive").stdout, within=10)

    worker.kill()
    worker.wait()

    eventually(
        lambda: asks(system, "worker", "alive").stderr.endswith("no worker runs on this machine\n"), within=10
    )


def test_a_worker_without_a_place_for_its_sign_of_life_works(system: System, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    system.start_worker(RUNTIME_DIRECTORY=str(tmp_path / "file"))

    assert "worker.no_heartbeat" in system.log("cmd.worker")


def test_a_server_answers_at_its_private_port(system: System) -> None:
    system.env["PRIVATE_PORT"] = str(free_port())
    absent = asks(system, "server", "ping")
    server = system.start_server()

    live, ready = asks(system, "server", "ping"), asks(system, "server", "ping", "--ready")
    os.kill(server.pid, signal.SIGTERM)
    server.wait()
    stopped = asks(system, "server", "ping")

    assert (live.exit_code, ready.exit_code) == (0, 0)
    for gone in (absent, stopped):
        assert gone.exit_code == 1
        assert gone.stderr.endswith("connection refused\n")
