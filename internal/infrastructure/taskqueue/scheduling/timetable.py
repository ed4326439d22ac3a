"""Calculates when periodic tasks are due: cron expressions in a time zone, and plain intervals."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from internal.infrastructure import humanize
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
    @property
    def words(self) -> str:
        """For example "At 03:30 every day", in the time zone of the timetable."""
        ...

    def after(self, moment: datetime) -> datetime | None:
        """The first slot after `moment`, in UTC. None: no slot within 50 years."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """The multiples of an interval since 1970 in UTC, so that all processes have the same slots."""

    interval: timedelta

    @property
    def words(self) -> str:
        return f"Every {humanize.duration(self.interval)}"

    def after(self, moment: datetime) -> datetime:
        return EPOCH + ((moment - EPOCH) // self.interval + 1) * self.interval


@dataclass(frozen=True, slots=True)
class Cron:
    """Five cron fields in a time zone, with Debian's rules for daylight saving time.

    If neither minute nor hour starts with `*`, a slot in the skipped hour comes right after the gap. A slot
    in the repeated hour comes once, the first time. Any other expression follows the clock: no slot in the
    skipped hour, and twice as many in the repeated one.
    """

    expression: str
    zone: ZoneInfo

    @property
    def words(self) -> str:
        return CronSim(self.expression, EPOCH).explain()

    def after(self, moment: datetime) -> datetime | None:
        for slot in CronSim(self.expression, moment.astimezone(self.zone)):
            # In the second pass of the repeated hour, CronSim repeats the slots of the first.
            if (in_utc := slot.astimezone(UTC)) > moment:
                return in_utc
        return None


def parse_timetable(spec: str, time_zone: str) -> Timetable:
    """Parse five cron fields, a name such as `@daily`, or `@every` with a duration such as `1h30m`.

    Raises:
        ValueError: the specification or the time zone is invalid.
    """
    zone = _zone(time_zone)
    if spec.startswith("@every "):
        return Every(_interval(spec.removeprefix("@every ")))
    cron = Cron(_expression(spec), zone)
    try:
        first = cron.after(EPOCH)
    except CronSimError as error:
        raise ValueError(f"{spec!r} is not a cron expression: {str(error).lower()}") from error
    if first is None:
        raise ValueError(f"{spec!r} is never due")
    return cron


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # OSError: a name such as "Europe" is a directory.
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error


def _interval(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in found.groups()) if found else [0] * 4
    interval = timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds)
    if interval < SHORTEST_INTERVAL:
        raise ValueError(f"{text!r} is not an interval of at least 100ms, for example 500ms, 90s or 1h30m")
    return interval


def _expression(spec: str) -> str:
    if spec.startswith("@") and spec not in _NAMED:
        raise ValueError(f"{spec!r} is neither @every nor one of {', '.join(_NAMED)}")
    expression = _NAMED.get(spec, spec)
    if len(expression.split()) != _FIELDS:
        raise ValueError(f"{spec!r} does not have the five fields of a cron expression")
    return expression
