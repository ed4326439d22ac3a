"""A Redis that answers and takes no writes: every view says so, and why."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
import redis
from typer.testing import CliRunner, Result

from internal.infrastructure.admin.app import app
from internal.infrastructure.bootstrap.admin import LocatedInstallation
from internal.infrastructure.embedded.process import free_port
from tests.configured_redis import configured_redis
from tests.e2e.conftest import System
from tests.eventually import eventually
from tests.full_redis import full

LEASE = 1  # seconds
SAID_WITHIN = 6  # seconds
FULL = "Redis is full (OOM)"


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


@contextmanager
def without_replicas(admin: redis.Redis, _: Path) -> Iterator[None]:
    admin.config_set("min-replicas-to-write", 1)
    yield
    admin.config_set("min-replicas-to-write", 0)


@contextmanager
def as_a_replica(admin: redis.Redis, _: Path) -> Iterator[None]:
    admin.replicaof("127.0.0.1", free_port())
    yield
    admin.replicaof("NO", "ONE")


@contextmanager
def without_a_disk(admin: redis.Redis, directory: Path) -> Iterator[None]:
    admin.config_set("save", "3600 1000000")
    rmtree(directory)
    admin.bgsave()
    eventually(lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "err", within=10)
    yield
    admin.config_set("save", "")


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


@pytest.mark.parametrize(
    ("stopped", "reason"),
    [
        (without_replicas, "Redis takes no writes: too few replicas follow it (NOREPLICAS)"),
        (as_a_replica, "Redis takes no writes: it is a replica (READONLY)"),
        (without_a_disk, "Redis takes no writes: it cannot save to its disk (MISCONF)"),
    ],
    ids=["too few replicas", "a replica", "a disk that fails"],
)
def test_every_view_names_the_reason_for_which_redis_takes_no_writes(
    system: System,
    own_redis: redis.Redis,
    directory: Path,
    stopped: Callable[[redis.Redis, Path], AbstractContextManager[None]],
    reason: str,
) -> None:
    system.start_server()
    system.start_worker()
    eventually(lambda: is_well(system), within=20)

    with stopped(own_redis, directory):
        eventually(lambda: says(system, reason), within=SAID_WITHIN)
        assert system.sign_up("ada@example.com").status_code == 201
        eventually(lambda: not reads(system, "worker", "ls")["workers"], within=10)
        eventually(lambda: reads(system, "outbox", "stats")["last_error"] == reason, within=10)
        listed = reads(system, "worker", "ls")
        stats = reads(system, "stats")
        ping = does(system, "worker", "ping")

    assert listed["why_incomplete"] == reason
    assert (stats["workers"], stats["redis"]["why_no_writes"]) == (None, reason)
    assert ping.exit_code == 1
    assert ping.stderr.startswith(
        f"cmd.admin: whether a worker is up on {socket.gethostname()} is unknown: "
        f"workers cannot register ({reason})"
    )
    assert reason in system.log("cmd.server")
    assert reason in system.log("cmd.worker")
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
