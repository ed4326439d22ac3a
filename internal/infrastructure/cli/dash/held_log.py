import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOBase
from typing import Any, TypeGuard

MOST_LINES = 1_000


class _Kept(TextIOBase):
    """The last texts that were written for `stream`."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self._texts: deque[str] = deque(maxlen=MOST_LINES)

    def write(self, text: str, /) -> int:
        self._texts.append(text)
        return len(text)

    def pass_on(self) -> None:
        self.stream.writelines(self._texts)
        self.stream.flush()


def _is_on_screen(handler: logging.Handler) -> TypeGuard["logging.StreamHandler[Any]"]:
    return isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler)


@contextmanager
def held_log() -> Iterator[None]:
    """Keep the lines of the log off the screen. At the end they are written."""
    handlers = [each for each in logging.getLogger().handlers if _is_on_screen(each)]
    kept = [_Kept(handler.stream) for handler in handlers]
    for handler, texts in zip(handlers, kept, strict=True):
        handler.setStream(texts)
    try:
        yield
    finally:
        for handler, texts in zip(handlers, kept, strict=True):
            handler.setStream(texts.stream)
            texts.pass_on()
