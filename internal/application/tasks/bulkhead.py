import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import TracebackType

from internal.ports.tasks import RetryLater

# Long enough for a place to become free where the other side answers, short enough to hold up nobody where it
# does not.
PATIENCE = timedelta(milliseconds=250)
COME_BACK_IN = (3.0, 6.0)  # seconds


class Bulkhead:
    """Lets so many tasks of one process at once use what may be slow; slots are left for the other tasks."""

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
        """Take a place, behind those who came before.

        Raises RetryLater once no place has become free for a while: a slot is not for waiting.
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
