"""Formats numbers and times for people."""

import math
from datetime import datetime, timedelta

NOTHING = "-"
_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_FACTOR = 1024
# A smaller share would be rounded to 0.0 %.
_LEAST_SHARE = 0.0005
_SIZES = ("KiB", "MiB", "GiB", "TiB")


def count(number: int) -> str:
    return f"{number:,}"


def counted(number: int, one: str, many: str = "") -> str:
    """For example "1 task" or "1,240 tasks". `many` may be left out if it is `one` with an "s"."""
    return f"{count(number)} {one if number == 1 else many or f'{one}s'}"


def duration(span: timedelta) -> str:
    """The two largest units in the format of options: "2h5m". One decimal below ten seconds."""
    seconds = span.total_seconds()
    if seconds < 10:  # noqa: PLR2004 - tenths do not matter above ten seconds
        return f"{seconds:.1f}s" if seconds % 1 else f"{seconds:.0f}s"
    parts = []
    left = round(seconds)
    for unit, size in _UNITS:
        number, left = divmod(left, size)
        parts.append((number, unit))
    first = next(place for place, (number, _) in enumerate(parts) if number)
    return "".join(f"{number}{unit}" for number, unit in parts[first : first + 2] if number)


def precise_duration(span: timedelta) -> str:
    """As `duration`, but in milliseconds below a second."""
    milliseconds = span / timedelta(milliseconds=1)
    if milliseconds < 1:
        return "<1ms"
    return f"{milliseconds:.0f}ms" if milliseconds < 1000 else duration(span)  # noqa: PLR2004 - a second


def relative_time(at: datetime | None, *, now: datetime) -> str:
    """For example "in 5m" or "2h5m ago"."""
    if at is None:
        return NOTHING
    away = at - now
    return f"in {duration(away)}" if away > timedelta(0) else f"{duration(-away)} ago"


def absolute_time(at: datetime | None, *, now: datetime) -> str:
    """The time, with the relative time in parentheses."""
    if at is None:
        return NOTHING
    return f"{at.isoformat(timespec='seconds')} ({relative_time(at, now=now)})"


def memory(size: int) -> str:
    if size < _FACTOR:
        return f"{size} B"
    power = min(int(math.log(size, _FACTOR)), len(_SIZES))
    return f"{size / _FACTOR**power:.1f} {_SIZES[power - 1]}"


def error_rate(*, processed: int, failed: int) -> float | None:
    """The share of attempts that failed. None: there were no attempts."""
    attempts = processed + failed
    return failed / attempts if attempts else None


def percent(share: float | None) -> str:
    """One decimal. Neither some nor almost all is shown as none or all."""
    if share is None:
        return NOTHING
    if 0 < share < _LEAST_SHARE:
        return "<0.1 %"
    return ">99.9 %" if 1 - _LEAST_SHARE < share < 1 else f"{share * 100:.1f} %"
