"""Redis and Postgres as operators see them. Nothing here has an address or a password."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from internal.infrastructure.database.postgres_info import PostgresInfo
from internal.infrastructure.taskqueue.inspection.redis_info import RedisInfo
from internal.ports.unavailable import Unavailable

NEARLY_FULL = 0.8

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport:
    """A service is a text, the reason, if it does not answer. `refusal`: why Redis refuses new tasks."""

    redis: RedisInfo | str
    postgres: PostgresInfo | str
    refusal: str | None


class Services:
    def __init__(
        self,
        *,
        redis: Callable[[], Awaitable[RedisInfo]],
        postgres: Callable[[], Awaitable[PostgresInfo]],
        refusal: Callable[[], Awaitable[str | None]],
    ) -> None:
        self._redis = redis
        self._postgres = postgres
        self._refusal = refusal

    async def report(self) -> ServiceReport:
        redis, postgres, refusal = await asyncio.gather(
            _or_reason(self._redis), _or_reason(self._postgres), self._refusal()
        )
        return ServiceReport(redis=redis, postgres=postgres, refusal=refusal)


def memory_share(redis: RedisInfo) -> float | None:
    return redis.used_memory / redis.max_memory if redis.max_memory else None


def warnings_of(report: ServiceReport) -> Iterator[str]:
    """What may lose tasks or refuse them, each with its cure."""
    if isinstance(report.redis, str):
        yield "Redis does not answer. Sign-ups still work; tasks wait in the outbox."
    else:
        yield from _warnings_of_redis(report.redis, report.refusal)
    if isinstance(report.postgres, str):
        yield "Postgres does not answer. Nobody can log in or sign up."
    elif not report.postgres.is_schema_current:
        yield "The schema of Postgres is old. Run ./admin db migrate."


def _warnings_of_redis(redis: RedisInfo, refusal: str | None) -> Iterator[str]:
    if refusal:
        yield f"Redis refuses new tasks: {refusal}."
    share = memory_share(redis)
    if share is not None and share >= NEARLY_FULL:
        yield "Redis is nearly full. Raise maxmemory, or delete archived tasks."
    if redis.eviction not in {"noeviction", "unknown policy"}:
        yield f"A full Redis deletes tasks: set maxmemory-policy to noeviction, not {redis.eviction}."
    if redis.loses_tasks_at_restart:
        yield "A restart of Redis loses every task: set appendonly to yes."


async def _or_reason(ask: Callable[[], Awaitable[T]]) -> T | str:
    try:
        return await ask()
    except Unavailable as error:
        return str(error)
