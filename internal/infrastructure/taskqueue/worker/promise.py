import asyncio
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")

_END = "the worker ends"


class Promise(Generic[T]):
    """A value that the life of a task waits for. Only the loop's thread may set it.

    Cancelling that life does not end the wait, unless `end` does it: a handler may have left a
    cancellation of its own task behind.

    Construct it without brackets: `Promise[T]()` takes six times as long.
    """

    __slots__ = ("_future", "_is_kept", "_value")

    def __init__(self) -> None:
        self._future: asyncio.Future[None] | None = None
        self._is_kept = False
        self._value: T

    def keep(self, value: T) -> None:
        """Give the value; later ones are ignored."""
        if not self._is_kept:
            self._value, self._is_kept = value, True
            if self._future and not self._future.done():
                self._future.set_result(None)

    def keep_from_thread(self, loop: asyncio.AbstractEventLoop, value: T) -> None:
        """Have the loop give the value. If it has ended, nobody waits."""
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self.keep, value)

    async def kept(self) -> T:
        while not self._is_kept:
            self._future = asyncio.get_running_loop().create_future()
            try:
                await self._future
            except asyncio.CancelledError as error:
                if error.args == (_END,):
                    raise
        return self._value


def end(life: asyncio.Task[None]) -> None:
    """Cancel a life for which nothing will ever happen again."""
    life.cancel(_END)
