"""Task options and payloads as people type them."""

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from internal.ports.tasks import Rate

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def parse_duration(text: str) -> timedelta:
    """Read "90s", "1h30m" or "7d". Raises ValueError."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a duration. Examples: 90s, 15m, 1h30m, 7d.")
    try:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long.") from error


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time with a time zone. Raises ValueError."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time. Example: 2030-01-31T09:00:00Z.") from error
    if time.utcoffset() is None:
        raise ValueError(f"{text!r} has no time zone. Append Z or an offset such as +01:00.")
    return time


def parse_rate(text: str) -> Rate:
    """Read "10/1m". Raises ValueError."""
    limit, slash, per = text.partition("/")
    if not (slash and limit.isdecimal()):
        raise ValueError(f"{text!r} is not a rate. Example: 10/1m.")
    window = parse_duration(per)
    try:
        return Rate(int(limit), window)
    except ValueError as error:
        raise ValueError(f"{error}.") from error


def parse_headers(pairs: Sequence[str]) -> dict[str, str]:
    """Read texts in the form KEY=VALUE. Raises ValueError."""
    split = [pair.partition("=") for pair in pairs]
    if not all(key and equals for key, equals, _ in split):
        raise ValueError("Not in the form KEY=VALUE.")
    return {key: value for key, _, value in split}


def parse_json(text: str) -> Any:
    """Read JSON whose objects have no duplicate key. Raises ValueError."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except ValueError as error:
        raise ValueError(f"Not valid JSON: {error}.") from error
    except RecursionError as error:
        raise ValueError("Nested too deeply.") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(fields := dict(pairs)) < len(pairs):
        raise ValueError("duplicate key")
    return fields
