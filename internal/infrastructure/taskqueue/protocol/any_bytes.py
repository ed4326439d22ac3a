"""Ids and names that others may have written to Redis: any bytes, not only UTF-8."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def lossless(data: bytes) -> str:
    """Text from which a script gets the same bytes. Do not show it: it may have lone surrogates."""
    return data.decode(errors="surrogateescape")


def readable(text: str | bytes) -> str:
    r"""Text for people, with escapes such as "\xff". A script may not find the bytes by it."""
    data = text if isinstance(text, bytes) else text.encode(errors="surrogateescape")
    return data.decode(errors="backslashreplace")


def decoded(decode: Callable[[bytes], T], stored: bytes) -> T:
    """Decode JSON. Bytes that are not UTF-8 become U+FFFD."""
    try:
        return decode(stored)
    except UnicodeDecodeError:
        return decode(stored.decode(errors="replace").encode())
