"""F34, and a killed master: Sentinel promotes the replica under load, and the workers go on there."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest
from dramatiq.errors import ConnectionClosed

from tests.support.faults.fleet import Fleet
from tests.support.faults.journal import FAIL, START
from tests.support.faults.measurements import Row
from tests.support.faults.rounds import IS_LONG, repeated
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.redis_programs import PROGRAMS, VALKEY, redis_program_named
from tests.support.replicated_load import ReplicatedLoad
from tests.support.replicated_redis import ReplicatedRedis, replicated_redis

RETRIES = [f"retry-{number}" for number in range(20)]
PROMOTED_WITHIN = 15  # seconds
RUN_WITHIN = 30
EVERY = 0.01  # seconds between two tasks of the steady load
PAUSE = 1.0


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


@repeated
def test_f34_tasks_go_on_during_an_ordered_fail_over(
    fleet: Fleet, servers: ReplicatedRedis, row: Row
) -> None:
    fleet.start()
    former = servers.master
    with steady_load(fleet):
        eventually(lambda: len(fleet.journal.keys(START)) > 100, within=10)

        servers.fail_over()
        eventually(lambda: servers.master != former, within=PROMOTED_WITHIN)
        on_former = len(fleet.journal.keys(START))
        eventually(lambda: len(fleet.journal.keys(START)) > on_former + 300, within=RUN_WITHIN)

    starts = [entry.at for entry in fleet.journal.entries(START)]
    longest = max(after - before for before, after in pairwise(starts))
    row.note("longest time without a task", longest, limit=PAUSE)


@contextmanager
def steady_load(fleet: Fleet) -> Iterator[None]:
    """Publish a task every 10 ms; one that Redis refuses during the fail-over is not published again."""
    has_ended = threading.Event()

    def publish() -> None:
        for number in range(int(RUN_WITHIN / EVERY)):
            if has_ended.wait(EVERY):
                return
            with suppress(ConnectionClosed):
                fleet.send("work", key=f"steady-{number}")

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    try:
        yield
    finally:
        has_ended.set()
        thread.join()


def ping(fleet: Fleet) -> int:
    """The health check of a container."""
    command = [sys.executable, "-m", "cmd.admin", "worker", "ping"]
    return subprocess.run(command, env=fleet.env({}), check=False).returncode
