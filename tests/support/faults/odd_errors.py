"""Errors that are hard to describe, by name."""

import asyncio
from collections.abc import Callable, Mapping


class Silent(Exception):
    def __str__(self) -> str:
        raise KeyboardInterrupt


def circle() -> Exception:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    return first


ERRORS: Mapping[str, Callable[[], BaseException]] = {
    "silent": Silent,
    "surrogate": lambda: ValueError("caf\udce9.txt\0"),
    "huge": lambda: ValueError("x" * 30_000_000),
    "circle": circle,
    "group": lambda: ExceptionGroup("many", [ValueError(str(number)) for number in range(5000)]),
    "exit": SystemExit,
    "cancelled": asyncio.CancelledError,
}
