"""What tasks did over time: how many succeeded and failed, how long they waited and ran."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# The name under which tasks are counted that have no route, or too many names beside them.
OTHER_TASKS = "(other)"


class Span(StrEnum):
    """The time up to now that statistics cover, in periods of a minute, of ten minutes or of a day (UTC)."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """Half of the tasks took at most `p50`, and 95 % at most `p95`. Both are estimates from a histogram."""

    p50: timedelta
    p95: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The attempts of some tasks.

    retried, archived: failed attempts, by the state of the task after them.
    """

    succeeded: int = 0
    retried: int = 0
    archived: int = 0

    @property
    def failed(self) -> int:
        return self.retried + self.archived

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures(Counts):
    """The attempts of some tasks, and how long they took.

    waited: from when the task could start until it started. None if no task started.
    ran: how long its handler took. None if no task started.
    """

    waited: Durations | None = None
    ran: Durations | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFigures:
    """The attempts that ended in a period, give or take a heartbeat."""

    begins: datetime
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFigures:
    """The attempts of one task name in one queue.

    minutes: the attempts by period, in the span of an hour; empty in longer spans.
    """

    queue: str
    name: str
    figures: Figures
    minutes: Sequence[Counts] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMinute:
    """The number of tasks that are due in a minute, by state."""

    begins: datetime
    scheduled: int
    retry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatistics:
    """The figures of a span.

    length: of a period.
    periods: all of them, the oldest first; the last one is not over.
    tasks: by queue and name; only those with attempts in the span.
    """

    span: Span
    length: timedelta
    periods: Sequence[PeriodFigures]
    tasks: Sequence[TaskFigures]
    total: Figures
