"""A Redis that answers and takes no writes: every view says so, and why."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from typer.testing import CliRunner, Result

from internal.infrastructure.bootstrap.admin.run_admin import LocatedInstallation
from internal.infrastructure.cli.app import app
from internal.infrastructure.embedded.process import free_port
from tests.support.configured_redis import configured_redis
from tests.support.full_redis import full
from tests.support.polling import eventually
from tests.support.refusing_redis import FULL, NO_REPLICAS, without_replicas
from tests.support.system import System

pytestmark = pytest.mark.long

LEASE = 1  # seconds
SAID_WITHIN = 6  # seconds


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "redis"


@pytest.fixture
def own_redis(system: System, directory: Path) -> Iterator[redis.Redis]:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    system.env |= {"REDIS_URL": url, "WORKER_LEASE": str(LEASE)}
    with configured_redis(directory, f"port {port}", program=None, admin_url=url) as admin:
        yield admin


def does(system: System, *command: str) -> Result:
    runner = CliRunner(env=system.env)
    return runner.invoke(
        app, command, obj=LocatedInstallation(), prog_name="cmd.admin", catch_exceptions=False
    )


def reads(system: System, *command: str) -> Any:
    done = does(system, *command, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def is_well(system: System) -> bool:
    well = {"status": "ok", "checks": {"database": "ok", "redis": "ok"}}
    return bool(
        system.get("/readyz").json() == well
        and len(reads(system, "worker", "ls")["workers"]) == 1
        and does(system, "worker", "ping").exit_code == 0
    )


def says(system: System, reason: str) -> bool:
    return bool(system.get("/readyz").json().get("reasons") == {"redis": reason})


def test_every_view_names_the_reason_for_which_redis_takes_no_writes(
    system: System, own_redis: redis.Redis, directory: Path
) -> None:
    system.start_server()
    system.start_worker()
    eventually(lambda: is_well(system), within=20)

    with without_replicas(own_redis, directory):
        eventually(lambda: says(system, NO_REPLICAS), within=SAID_WITHIN)
        assert system.sign_up("ada@example.com").status_code == 201
        eventually(lambda: not reads(system, "worker", "ls")["workers"], within=10)
        eventually(lambda: reads(system, "outbox", "stats")["last_error"] == NO_REPLICAS, within=10)
        listed = reads(system, "worker", "ls")
        stats = reads(system, "stats")
        ping = does(system, "worker", "ping")

    assert listed["why_incomplete"] == NO_REPLICAS
    assert (stats["workers"], stats["redis"]["why_no_writes"]) == (None, NO_REPLICAS)
    assert ping.exit_code == 1
    assert ping.stderr.startswith(
        f"cmd.admin: whether a worker is up on {socket.gethostname()} is unknown: "
        f"workers cannot register ({NO_REPLICAS})"
    )
    assert NO_REPLICAS in system.log("cmd.server")
    assert NO_REPLICAS in system.log("cmd.worker")
    eventually(lambda: is_well(system), within=10)


@pytest.mark.usefixtures("own_redis")
def test_every_view_names_a_full_redis_in_which_workers_go_on(system: System) -> None:
    system.start_server()
    system.start_worker()
    eventually(lambda: is_well(system), within=20)

    with full(system.env["REDIS_URL"]):
        eventually(lambda: says(system, FULL), within=SAID_WITHIN)
        assert system.sign_up("ada@example.com").status_code == 201
        eventually(lambda: reads(system, "outbox", "stats")["last_error"] == FULL, within=10)
        listed = reads(system, "worker", "ls")
        stats = reads(system, "stats")
        ping = does(system, "worker", "ping")

    assert (len(listed["workers"]), listed["why_incomplete"]) == (1, None)
    assert (stats["workers"], stats["redis"]["why_no_writes"]) == (1, FULL)
    assert ping.exit_code == 0
