from dataclasses import replace
from datetime import timedelta
from functools import cached_property, partial
from importlib.resources import files
from math import ceil
from typing import Any

import redis.asyncio
import structlog

from internal.domain.errors import RateLimited
from internal.infrastructure.security.keyed_digest import KeyedDigest
from internal.infrastructure.security.process_password_attempts import ProcessPasswordAttempts
from internal.infrastructure.security.redis_or_process import RedisOrProcess
from internal.ports.password_attempts import LockoutPolicy

log = structlog.get_logger(__name__)

_MILLISECOND = timedelta(milliseconds=1)


class RedisPasswordAttempts:
    """Counts in Redis. While it is away, each of `processes` counts alone, with a part of the failures."""

    def __init__(
        self,
        client: redis.asyncio.Redis,
        *,
        redis_or_process: RedisOrProcess,
        policy: LockoutPolicy,
        digest: KeyedDigest,
        namespace: str,
        processes: int,
    ) -> None:
        self._client = client
        self._in_process = ProcessPasswordAttempts(_part_of(policy, processes))
        self._redis_or_process = redis_or_process
        self._digest = digest
        self._prefix = f"{namespace}:limits:failures"
        times = (policy.first_wait, policy.window, policy.forget_after)
        first_wait, window, forget_after = (time // _MILLISECOND for time in times)
        self._arguments = (policy.free, first_wait, window, policy.ceiling, forget_after)

    async def begin(self, account: str) -> timedelta:
        name = self._digest.of(account)
        may_begin, seconds = await self._redis_or_process.call(
            partial(self._run, "begin", name), partial(self._in_process.begin, name)
        )
        if not may_begin:
            log.info("rate_limits.account_locked", seconds=ceil(seconds))
            raise RateLimited(timedelta(seconds=seconds))
        return timedelta(seconds=seconds)

    async def give_back(self, account: str) -> None:
        name = self._digest.of(account)
        await self._redis_or_process.call(
            partial(self._run, "give_back", name), partial(self._in_process.give_back, name)
        )

    async def forget(self, account: str) -> None:
        name = self._digest.of(account)
        self._in_process.forget(name)
        await self._redis_or_process.call(partial(self._delete, name), lambda: None)

    async def _run(self, action: str, name: str) -> tuple[bool, float]:
        keys = [f"{self._prefix}:{name}"]
        may_begin, milliseconds = await self._script(keys, [action, *self._arguments])
        return bool(may_begin), milliseconds / 1000

    async def _delete(self, name: str) -> None:
        await self._client.delete(f"{self._prefix}:{name}")

    @cached_property
    def _script(self) -> Any:
        text = files(__package__).joinpath("password_attempts.lua").read_text()
        return self._client.register_script(text)


def _part_of(policy: LockoutPolicy, processes: int) -> LockoutPolicy:
    return replace(policy, free=max(1, policy.free // processes), ceiling=max(1, policy.ceiling // processes))
