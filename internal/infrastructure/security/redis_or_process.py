import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from time import monotonic
from typing import TypeVar

import structlog
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Seconds that a call waits for Redis, in parts: if this process itself is late, it loses only one of them.
WITHIN = 0.25
PARTS = 10
# Seconds after a failure until one call asks Redis again.
PAUSE = 1.0
# Calls on Redis at once, each on a connection of its own.
AT_ONCE = 16
OUTAGES = (RedisError, OSError, asyncio.IncompleteReadError)


class RedisOrProcess:
    """Asks Redis, or this process while Redis does not answer in time.

    A call waits for WITHIN at most. It goes on after that: if it was slow because it had to connect, the
    next one finds the connection.
    """

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)
        self._asked: set[asyncio.Task[object]] = set()
        # None while Redis answers.
        self._ask_again_at: float | None = None

    async def call(self, ask_redis: Callable[[], Awaitable[T]], ask_process: Callable[[], T]) -> T:
        async with self._free:
            if self._may_ask():
                asking = asyncio.create_task(self._ask(ask_redis), context=Context())
                self._asked.add(asking)
                asking.add_done_callback(self._forget)
                if not await self._is_in_time(asking):
                    self._failed("no answer in time")
                elif isinstance(error := asking.exception(), OUTAGES):
                    self._failed(type(error).__name__)
                else:
                    return asking.result()
        return ask_process()

    async def close(self) -> None:
        asked = list(self._asked)
        for asking in asked:
            asking.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    def _may_ask(self) -> bool:
        if self._ask_again_at is None:
            return True
        if monotonic() < self._ask_again_at:
            return False
        self._ask_again_at = monotonic() + PAUSE
        return True

    async def _ask(self, ask_redis: Callable[[], Awaitable[T]]) -> T:
        asked_at = monotonic()
        answer = await ask_redis()
        if monotonic() - asked_at < WITHIN:
            self._answered()
        return answer

    async def _is_in_time(self, asking: "asyncio.Task[T]") -> bool:
        for _ in range(PARTS):
            if (await asyncio.wait([asking], timeout=WITHIN / PARTS))[0]:
                return True
        return False

    def _forget(self, asking: "asyncio.Task[T]") -> None:
        self._asked.discard(asking)
        if not asking.cancelled():
            # Without this, asyncio would complain about the error of a call that nobody waits for any more.
            asking.exception()

    def _failed(self, reason: str) -> None:
        if self._ask_again_at is None:
            log.warning("rate_limits.without_redis", reason=reason)
        self._ask_again_at = monotonic() + PAUSE

    def _answered(self) -> None:
        if self._ask_again_at is not None:
            log.info("rate_limits.with_redis")
        self._ask_again_at = None
