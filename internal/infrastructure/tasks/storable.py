"""Encodes values as JSON that Redis and Postgres return unchanged."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

MOST_LEVELS = 100  # of nested lists and objects; Python and Postgres can read some hundreds

# An escaped NUL, which Postgres refuses. After an escaped backslash it is plain text.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
# An exponent in a number. The `:`, `,` or `[` before it excludes hexadecimal digits in text, such as a UUID.
_EXPONENT = re.compile(rb"[:,[]-?\d[\d.]*e\d")

WHAT_JSON_HAS = "JSON has null, booleans, finite numbers, text, lists, and objects whose keys are text"

decode: Callable[[bytes | str], Any] = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class NotStorable(ValueError):
    """The value cannot be stored unchanged. The text says why, and contains no part of the value."""


def encode(value: object) -> bytes:
    """Encode a value as JSON. The caller must check that the JSON contains the whole value.

    Raises:
        NotStorable: JSON cannot express it, or Redis or Postgres would refuse it.
    """
    try:
        data = _encode(value)
    except UnicodeEncodeError as error:
        raise NotStorable("a text has a lone surrogate") from error
    except RecursionError as error:
        raise NotStorable("it is nested too deeply") from error
    except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as error:
        raise NotStorable(f"it is not JSON ({type(error).__name__})") from error
    require(data)
    return data


def require(data: bytes) -> None:
    """Raises NotStorable for JSON that Postgres refuses, or that nests too deeply for Python."""
    if b"\\u0000" in data and _NUL.search(data):
        raise NotStorable("a text has a NUL")
    may_be_deep = len(data) > 2 * MOST_LEVELS and data.count(b"[") + data.count(b"{") > MOST_LEVELS
    if may_be_deep and _levels(data) > MOST_LEVELS:
        raise NotStorable(f"it is nested more than {MOST_LEVELS} levels deep")


def encode_unchanged(value: object) -> bytes:
    """Encode a value as JSON that decodes to an equal one: None, bool, int, float, str, list, or dict.

    Keys of a dict must be str.

    Raises:
        NotStorable: the value has other types, or a number that JSON cannot express.
    """
    data = encode(value)
    if not is_same(value, arrived(data)):
        raise NotStorable(f"it would arrive changed: {WHAT_JSON_HAS}")
    return data


def arrived(data: bytes) -> Any:
    """Return what a reader gets. Raises NotStorable."""
    try:
        return decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise NotStorable("it has a number that cannot be read back") from error


def in_postgres(value: Any) -> Any:
    """Return the value as jsonb returns it: 1e22 as a whole number, and no negative zero."""
    if isinstance(value, dict):
        return {name: in_postgres(item) for name, item in value.items()}
    if isinstance(value, list):
        return [in_postgres(item) for item in value]
    return int(Decimal(repr(value))) if isinstance(value, float) and value.is_integer() else value


def may_differ_in_postgres(data: bytes) -> bool:
    return _EXPONENT.search(data) is not None


def is_same(sent: object, arrived: object) -> bool:
    """Tell if two values are equal. Values that cannot be compared are not equal."""
    try:
        return bool(sent == arrived)
    except Exception:  # noqa: BLE001 - the `__eq__` of a payload may raise anything
        return False


def _levels(data: bytes) -> int:
    levels, level = 0, [arrived(data)]
    while level := [item for item in level if isinstance(item, list | dict)]:
        levels += 1
        level = [item for each in level for item in (each.values() if isinstance(each, dict) else each)]
    return levels
