"""When something periodic is due: cron expressions in a time zone, and plain intervals."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from internal.infrastructure.taskqueue.protocol.redis_time import EPOCH

_NAMED: Mapping[str, str] = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = 5
_DURATION = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?", re.ASCII)
SHORTEST_INTERVAL = timedelta(milliseconds=100)


class Timetable(Protocol):
    def after(self, moment: datetime) -> datetime | None:
        """The first slot later than `moment`, in UTC; None if there is none in the next 50 years."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """The multiples of an interval since 1970, UTC: the same in every process, and after every restart."""

    interval: timedelta

    def after(self, moment: datetime) -> datetime:
        return EPOCH + ((moment - EPOCH) // self.interval + 1) * self.interval


@dataclass(frozen=True, slots=True)
class Cron:
    """Five fields, by the clock of a time zone, and with Debian's rules where that clock is changed.

    If neither minute nor hour begins with `*`, a slot in the hour that is skipped comes right after the gap,
    and one in the hour that is doubled comes once, the first time. Any other expression follows the clock:
    nothing in the skipped hour, and all of its slots twice in the doubled one.
    """

    expression: str
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        for slot in CronSim(self.expression, moment.astimezone(self.zone)):
            # In the doubled hour's second pass CronSim offers again what came in the first.
            if (in_utc := slot.astimezone(UTC)) > moment:
                return in_utc
        return None


def parse_timetable(spec: str, time_zone: str) -> Timetable:
    """Understand five cron fields, a name such as `@daily`, or `@every` with a duration such as `1h30m`.

    Raises:
        ValueError: says what is wrong with the specification or the time zone.
    """
    zone = _zone(time_zone)
    if spec.startswith("@every "):
        return Every(_interval(spec.removeprefix("@every ")))
    cron = Cron(_expression(spec), zone)
    try:
        comes = cron.after(EPOCH)
    except CronSimError as error:
        raise ValueError(f"{spec!r} is no cron expression: {str(error).lower()}") from error
    if comes is None:
        raise ValueError(f"{spec!r} never comes")
    return cron


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # "Europe", for one, is a directory
        raise ValueError(f"unknown time zone {name!r}") from error


def _interval(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in found.groups()) if found else [0] * 4
    interval = timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
    if interval < SHORTEST_INTERVAL:
        raise ValueError(f"{text!r} is no interval such as 90s, 1h30m or 500ms, of at least 100ms")
    return interval


def _expression(spec: str) -> str:
    if spec.startswith("@") and spec not in _NAMED:
        raise ValueError(f"{spec!r} is neither @every nor one of {', '.join(_NAMED)}")
    expression = _NAMED.get(spec, spec)
    if len(expression.split()) != _FIELDS:
        raise ValueError(f"{spec!r} has not the five fields of cron")
    return expression
