import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import TracebackType

from internal.ports.tasks import RetryLater

# A place becomes free within this time while the other side answers. If it does not answer, few slots wait.
PATIENCE = timedelta(milliseconds=250)
COME_BACK_IN = (3.0, 6.0)  # seconds


class Bulkhead:
    """Limits how many tasks of a process use a slow service at once, so other tasks keep their slots."""

    def __init__(
        self,
        places: int,
        *,
        patience: timedelta = PATIENCE,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._places = asyncio.Semaphore(places)
        self._releases = 0
        self._patience = patience
        self._draw = draw

    async def __aenter__(self) -> None:
        """Take a place, first come, first served.

        Raises RetryLater if no place becomes free within `patience`: a slot is not for waiting.
        """
        seen = -1
        while seen != self._releases:
            seen = self._releases
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience.total_seconds()):
                    await self._places.acquire()
                    return
        raise RetryLater(timedelta(seconds=self._draw(*COME_BACK_IN)))

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._releases += 1
        self._places.release()
