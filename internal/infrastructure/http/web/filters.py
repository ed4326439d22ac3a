"""How templates show numbers and times."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from internal.infrastructure import humanize
from internal.infrastructure.escape import cut, escape
from internal.infrastructure.http.task_address import task_address
from internal.infrastructure.monitoring.personal_data import masked_text


def _relative(at: datetime, now: datetime) -> str:
    return humanize.relative_time(at, now=now)


def _exact(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _plain(text: str, most: int = 200) -> str:
    """On one line, without invisible characters, and cut."""
    return escape(cut(text, most))


def _lines(text: str, most: int = 20_000) -> str:
    """As `plain`, with its line feeds."""
    return escape(cut(text, most), keep_lines=True)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "counted": humanize.counted,
    "exact": _exact,
    "grouped": humanize.count,
    "lines": _lines,
    "masked": masked_text,
    "memory": humanize.memory,
    "percent": humanize.percent,
    "plain": _plain,
    "precise": humanize.precise_duration,
    "relative": _relative,
    "span": humanize.duration,
    "task_address": task_address,
}
