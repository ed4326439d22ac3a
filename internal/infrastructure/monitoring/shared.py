import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from internal.ports.clock import Clock
from internal.ports.unavailable import Unavailable

A_SECOND = timedelta(seconds=1)

T = TypeVar("T")


class Shared(Generic[T]):
    """Many viewers cost as much as one: who asks within a second or at the same time gets the same value.

    kept_for: longer than a second, if the value is expensive or seldom changes.
    """

    def __init__(
        self, take: Callable[[], Awaitable[T]], *, clock: Clock, kept_for: timedelta = A_SECOND
    ) -> None:
        self._take = take
        self._clock = clock
        self._kept_for = kept_for
        self._newest: tuple[datetime, T] | None = None
        self._taking = asyncio.Lock()

    async def newest(self) -> T:
        async with self._taking:
            if self._newest is None or self._clock.now() - self._newest[0] >= self._kept_for:
                value = await self._take()
                self._newest = self._clock.now(), value
            return self._newest[1]

    def forget(self) -> None:
        self._newest = None


async def if_available(ask: Callable[[], Awaitable[T]]) -> T | None:
    """None: the service does not answer."""
    try:
        return await ask()
    except Unavailable:
        return None
