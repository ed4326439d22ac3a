"""How templates show numbers and times."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from internal.infrastructure import humanize


def _relative(at: datetime, now: datetime) -> str:
    return humanize.relative_time(at, now=now)


def _exact(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "exact": _exact,
    "grouped": humanize.count,
    "memory": humanize.memory,
    "relative": _relative,
    "span": humanize.duration,
}
