"""Warnings about a Redis that would lose tasks, on each available server."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from internal.infrastructure.embedded.process import free_port
from internal.infrastructure.taskqueue.connections.connection import connect
from internal.infrastructure.taskqueue.connections.redis_checks import warn_of_losses
from internal.infrastructure.taskqueue.connections.timeouts import TIMEOUT
from tests.support.configured_redis import configured_redis

pytestmark = pytest.mark.anyio

# As managed servers have it, which keep CONFIG for themselves; and one that is stricter yet.
WITHOUT_CONFIG, WITHOUT_INFO = "~* &* +@all -config", "~* &* +@all -config -info"


@pytest.fixture(scope="module")
def admin(redis_program: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    """The settings of a server that keeps nothing, by default."""
    port = free_port()
    users = (f"user managed on >pw {WITHOUT_CONFIG}", f"user strict on >pw {WITHOUT_INFO}")
    with configured_redis(
        tmp_path_factory.mktemp("durability") / "data",
        f"port {port}",
        *users,
        program=redis_program,
        admin_url=f"redis://127.0.0.1:{port}",
    ) as admin:
        yield admin


@pytest.fixture(autouse=True)
def defaults(admin: redis.Redis) -> None:
    admin.config_set("appendonly", "no", "save", "", "maxmemory", 0, "maxmemory-policy", "noeviction")


async def warnings(admin: redis.Redis, *, login: str = "") -> dict[str, Mapping[str, Any]]:
    port = admin.connection_pool.connection_kwargs["port"]
    with capture_logs() as logs:
        async with connect(f"redis://{login}127.0.0.1:{port}") as client:
            await warn_of_losses(client)
    assert {entry["log_level"] for entry in logs} <= {"warning"}
    assert len({entry["event"] for entry in logs}) == len(logs)
    return {entry["event"]: entry for entry in logs}


async def test_a_redis_that_keeps_its_data_is_not_worth_a_word(admin: redis.Redis) -> None:
    admin.config_set("appendonly", "yes")

    assert await warnings(admin) == {}


async def test_snapshots_are_persistence_too(admin: redis.Redis) -> None:
    admin.config_set("save", "3600 1")

    assert await warnings(admin) == {}


async def test_warns_of_a_redis_that_keeps_nothing(admin: redis.Redis) -> None:
    assert set(await warnings(admin)) == {"redis.not_persistent"}


@pytest.mark.parametrize(("maxmemory", "when"), [(2**30, "a full Redis"), (0, "with a maxmemory")])
async def test_warns_of_evictions_and_says_when_they_come(
    admin: redis.Redis, maxmemory: int, when: str
) -> None:
    admin.config_set("appendonly", "yes", "maxmemory", maxmemory, "maxmemory-policy", "allkeys-lru")

    found = await warnings(admin)

    assert set(found) == {"redis.may_evict_tasks"}
    assert found["redis.may_evict_tasks"]["maxmemory_policy"] == "allkeys-lru"
    assert when in found["redis.may_evict_tasks"]["advice"]


async def test_needs_no_config_to_find_evictions_and_guesses_nothing(admin: redis.Redis) -> None:
    admin.config_set("maxmemory-policy", "volatile-ttl")

    assert set(await warnings(admin, login="managed:pw@")) == {"redis.may_evict_tasks"}


async def test_who_may_ask_nothing_is_told_nothing(admin: redis.Redis) -> None:
    admin.config_set("maxmemory-policy", "volatile-ttl")

    assert await warnings(admin, login="strict:pw@") == {}


async def test_a_redis_that_is_away_does_not_fail_the_check(absent_port: int) -> None:
    with capture_logs() as logs:
        async with asyncio.timeout(5 * TIMEOUT), connect(f"redis://127.0.0.1:{absent_port}") as client:
            await warn_of_losses(client)

    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("redis.not_inspected", "info")]
