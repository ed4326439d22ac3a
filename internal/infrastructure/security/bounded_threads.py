import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

from internal.ports.unavailable import Unavailable

R = TypeVar("R")

# The same limit as for Postgres. A client that waits longer has often left and only delays the others.
WAIT_AT_MOST = timedelta(seconds=5)


class BoundedThreads:
    """Runs functions that cost CPU off the event loop, at most `count` at the same time."""

    def __init__(self, count: int, *, name: str, patience: timedelta = WAIT_AT_MOST) -> None:
        self._name = name
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._free = asyncio.Semaphore(count)
        self._patience = patience

    async def run(self, function: Callable[[], R]) -> R:
        """Return what `function` returns.

        Raises:
            Unavailable: no thread became free in time.
        """
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable(f"all threads for {self._name} are busy") from None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function)
        finally:
            self._free.release()
