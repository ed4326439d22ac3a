"""The master is killed under load: Sentinel makes the replica the master, and the workers go on there."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.faults.fleet import Fleet
from tests.faults.journal import FAIL
from tests.faults.rounds import IS_LONG
from tests.queued import queued
from tests.redis_programs import PROGRAMS, VALKEY, redis_program_named
from tests.replicated_load import ReplicatedLoad
from tests.replicated_redis import ReplicatedRedis, replicated_redis

RETRIES = [f"retry-{number}" for number in range(20)]
PROMOTED_WITHIN = 15  # seconds
RUN_WITHIN = 30


@pytest.fixture(params=PROGRAMS if IS_LONG else [VALKEY])
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReplicatedRedis]:
    with replicated_redis(tmp_path / "redis", program=redis_program_named(request.param)) as servers:
        yield servers


@pytest.fixture
def fleet(servers: ReplicatedRedis, database_url: str, tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(database_url=database_url, redis_url=servers.url, directory=tmp_path)
    try:
        yield fleet
    finally:
        fleet.stop()


def test_a_killed_master_loses_nothing_that_was_replicated(fleet: Fleet, servers: ReplicatedRedis) -> None:
    worker, former = fleet.start(), servers.master
    children = worker.children
    load = ReplicatedLoad(fleet.broker.client, send=lambda key: fleet.send("work", key=key, seconds=0.03))
    for key in RETRIES:
        fleet.send("fail", key=key, failures=1, retry_in=3000)
    with load.running():
        eventually(lambda: len(fleet.journal.keys(FAIL)) == len(RETRIES), within=10)
        eventually(lambda: len(load.kept) > 20, within=5)

        servers.kill(former)
        eventually(lambda: servers.master != former, within=PROMOTED_WITHIN)

    assert load.kept
    fleet.ended([*load.kept, *RETRIES], within=RUN_WITHIN)
    eventually(lambda: queued(servers.master_url) == [], within=10)
    assert worker.children == children
    assert ping(fleet) == 0


def ping(fleet: Fleet) -> int:
    """The health check of a container."""
    command = [sys.executable, "-m", "cmd.admin", "worker", "ping"]
    return subprocess.run(command, env=fleet.env({}), check=False).returncode
