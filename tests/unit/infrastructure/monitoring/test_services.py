from dataclasses import replace
from datetime import timedelta

import pytest

from internal.infrastructure.database.postgres_info import PostgresInfo
from internal.infrastructure.monitoring.services import ServiceReport, Services, warnings_of
from internal.infrastructure.taskqueue.inspection.redis_info import RedisInfo
from internal.ports.unavailable import Unavailable
from tests.support.operator_terminal import REDIS

POSTGRES = PostgresInfo(
    version="18.1",
    size=10_000_000,
    uptime=timedelta(days=3),
    connections=7,
    max_connections=100,
    in_use=1,
    pool_size=10,
    schema="abc",
    is_schema_current=True,
    replicas=0,
    lag=None,
)


def warnings(
    *, redis: RedisInfo | str = REDIS, postgres: PostgresInfo | str = POSTGRES, refusal: str | None = None
) -> list[str]:
    return list(warnings_of(ServiceReport(redis=redis, postgres=postgres, refusal=refusal)))


def test_services_that_keep_everything_need_no_warning() -> None:
    assert warnings() == []


@pytest.mark.parametrize(
    ("redis", "text"),
    [
        (replace(REDIS, eviction="allkeys-lru"), "set maxmemory-policy to noeviction, not allkeys-lru"),
        (replace(REDIS, is_append_only=False, snapshots=""), "A restart of Redis loses every task"),
        (replace(REDIS, max_memory=REDIS.used_memory), "Redis is nearly full"),
        ("no route to Redis", "Redis does not answer"),
    ],
)
def test_warns_of_a_redis_that_may_lose_tasks(redis: RedisInfo | str, text: str) -> None:
    [warning] = warnings(redis=redis)

    assert text in warning


def test_says_nothing_about_what_a_managed_redis_hides() -> None:
    hidden = replace(REDIS, eviction="unknown policy", is_append_only=False, snapshots=None)

    assert warnings(redis=hidden) == []


def test_says_why_redis_refuses_tasks() -> None:
    assert warnings(refusal="out of memory") == ["Redis refuses new tasks: out of memory."]


def test_warns_of_postgres() -> None:
    assert "Nobody can log in" in warnings(postgres="no route to Postgres")[0]
    assert "./admin db migrate" in warnings(postgres=replace(POSTGRES, is_schema_current=False))[0]


@pytest.mark.anyio
async def test_reports_a_service_that_does_not_answer() -> None:
    async def away() -> RedisInfo:
        raise Unavailable("no route to Redis")

    async def postgres() -> PostgresInfo:
        return POSTGRES

    async def refusal() -> str:
        return "no route to Redis"

    report = await Services(redis=away, postgres=postgres, refusal=refusal).report()

    assert report == ServiceReport(redis="no route to Redis", postgres=POSTGRES, refusal="no route to Redis")
