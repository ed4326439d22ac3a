"""A Redis in cluster mode, or a sentinel in the place of Redis: one line, and an end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from internal.infrastructure.embedded.process import free_port, stop
from tests.support.configured_redis import STARTS_WITHIN, answers, spawn_redis
from tests.support.polling import eventually
from tests.support.redis_programs import REDIS, VALKEY, redis_program_named
from tests.support.system import System

pytestmark = pytest.mark.long

CLUSTER = "Redis runs in cluster mode, which the task queue does not support; check REDIS_ADDR or REDIS_URL"
SENTINEL = (
    "REDIS_URL names a sentinel as if it were Redis: use redis+sentinel://; check REDIS_ADDR or REDIS_URL"
)
COMMANDS = [
    ["cmd.server"],
    ["cmd.worker"],
    ["cmd.admin", "worker", "ping"],
    ["cmd.admin", "outbox", "stats"],
]


def last_line(system: System, url: str, *command: str) -> tuple[int, str]:
    ended = system.run(*command, REDIS_URL=url)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr.splitlines()[-1]


@contextmanager
def running(directory: Path, *directives: str, program: str, is_sentinel: bool = False) -> Iterator[str]:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    process = spawn_redis(
        directory,
        f"port {port}",
        *directives,
        program=redis_program_named(program),
        arguments=("--sentinel",) if is_sentinel else (),
    )
    try:
        with redis.Redis.from_url(url) as client:
            eventually(lambda: answers(client), within=STARTS_WITHIN)
        yield url
    finally:
        stop(process)


def _cluster() -> tuple[str, str]:
    """Its second port would be 10,000 above the first, and may not exist."""
    return "cluster-enabled yes", f"cluster-port {free_port()}"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One node that has all slots: no command would fail."""
    directory = tmp_path_factory.mktemp("redis") / "cluster"
    with running(directory, *_cluster(), program=VALKEY) as url:
        with redis.Redis.from_url(url) as client:
            client.execute_command("CLUSTER ADDSLOTSRANGE 0 16383")
            eventually(lambda: client.cluster("INFO")["cluster_state"] == "ok", within=10)
        yield url


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_process_refuses_a_cluster(system: System, cluster: str, command: list[str]) -> None:
    assert last_line(system, cluster, *command) == (1, f"{command[0]}: {CLUSTER}")


def test_a_cluster_is_refused_with_any_number_of_a_database(system: System, tmp_path: Path) -> None:
    with running(tmp_path / "cluster", *_cluster(), program=REDIS) as url:
        assert last_line(system, url.removesuffix("0") + "3", "cmd.server") == (1, f"cmd.server: {CLUSTER}")


def test_a_sentinel_in_the_place_of_redis_is_refused(system: System, tmp_path: Path) -> None:
    with running(tmp_path / "sentinel", program=VALKEY, is_sentinel=True) as url:
        assert last_line(system, url, "cmd.worker") == (1, f"cmd.worker: {SENTINEL}")
