import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from internal.ports.unavailable import Unavailable


class TooManyCalls(Exception):
    """The server answers as many calls at once as it may."""


class RunningCalls:
    """The calls that are being answered, at most `most` of them."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()
        self._is_closed = False

    @contextmanager
    def one_more(self) -> Generator[None]:
        """Count a call in the body. Raises TooManyCalls, or Unavailable after `close`."""
        if self._is_closed:
            raise Unavailable("the server is stopping")
        if self._count >= self._most:
            raise TooManyCalls
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0:
                self._none.set()

    async def close(self) -> None:
        """Let no more calls in, and wait for the end of those that are being answered."""
        self._is_closed = True
        await self._none.wait()
