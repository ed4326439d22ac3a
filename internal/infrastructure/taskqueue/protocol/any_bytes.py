"""Ids and names that others may have written to Redis: any bytes, not only UTF-8."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def lossless(data: bytes) -> str:
    """Scripts find the same bytes by this text. It cannot be shown: it may have lone surrogates."""
    return data.decode(errors="surrogateescape")


def readable(text: str | bytes) -> str:
    r"""With escapes such as "\xff". Scripts may find nothing by this text."""
    data = text if isinstance(text, bytes) else text.encode(errors="surrogateescape")
    return data.decode(errors="backslashreplace")


def decoded(decode: Callable[[bytes], T], stored: bytes) -> T:
    """Decode JSON, with U+FFFD in the place of what is not UTF-8."""
    try:
        return decode(stored)
    except UnicodeDecodeError:
        return decode(stored.decode(errors="replace").encode())
