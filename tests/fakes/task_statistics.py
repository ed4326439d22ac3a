from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import ceil

from internal.ports.task_snapshots import TaskInfo
from internal.ports.task_statistics import (
    Counts,
    DueMinute,
    Durations,
    Figures,
    PeriodFigures,
    Span,
    TaskFigures,
    TaskStatistics,
)
from internal.ports.tasks import TaskState

_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PERIODS: Mapping[Span, tuple[timedelta, int]] = {
    Span.HOUR: (timedelta(minutes=1), 60),
    Span.DAY: (timedelta(minutes=10), 144),
    Span.WEEK: (timedelta(minutes=10), 1008),
    Span.MONTH: (timedelta(days=1), 30),
    Span.QUARTER: (timedelta(days=1), 90),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeAttempt:
    """An attempt that ended. `figures` counts it."""

    at: datetime
    queue: str
    name: str
    figures: Figures
    waited: timedelta
    ran: timedelta


def statistics_of(attempts: Sequence[FakeAttempt], span: Span, *, now: datetime) -> TaskStatistics:
    length, count = _PERIODS[span]
    last = (now - _EPOCH) // length
    begins = [_EPOCH + number * length for number in range(last - count + 1, last + 1)]
    within = [attempt for attempt in attempts if attempt.at >= begins[0]]
    by_name = sorted(within, key=_name)
    return TaskStatistics(
        span=span,
        length=length,
        periods=[
            PeriodFigures(
                begins=begin,
                figures=_figures([one for one in within if begin <= one.at < begin + length]),
            )
            for begin in begins
        ],
        tasks=[
            _task(queue, name, list(group), begins if span is Span.HOUR else [])
            for (queue, name), group in groupby(by_name, key=_name)
        ],
        total=_figures(within),
    )


def due_minutes(tasks: Sequence[TaskInfo], *, now: datetime) -> Sequence[DueMinute]:
    first = now.replace(second=0, microsecond=0)
    due = [(max(0, (task.due - first) // _MINUTE), task.state) for task in tasks if task.due]
    return [
        DueMinute(
            begins=first + minute * _MINUTE,
            scheduled=due.count((minute, TaskState.SCHEDULED)),
            retry=due.count((minute, TaskState.RETRY)),
        )
        for minute in range(15)
    ]


def _name(attempt: FakeAttempt) -> tuple[str, str]:
    return attempt.queue, attempt.name


def _task(queue: str, name: str, attempts: Sequence[FakeAttempt], minutes: Sequence[datetime]) -> TaskFigures:
    return TaskFigures(
        queue=queue,
        name=name,
        figures=_figures(attempts),
        minutes=[
            _counts([one for one in attempts if begin <= one.at < begin + _MINUTE]) for begin in minutes
        ],
    )


def _figures(attempts: Sequence[FakeAttempt]) -> Figures:
    counts = _counts(attempts)
    return Figures(
        succeeded=counts.succeeded,
        retried=counts.retried,
        archived=counts.archived,
        waited=_durations(sorted(attempt.waited for attempt in attempts)),
        ran=_durations(sorted(attempt.ran for attempt in attempts)),
    )


def _counts(attempts: Sequence[FakeAttempt]) -> Counts:
    return Counts(
        succeeded=sum(attempt.figures.succeeded for attempt in attempts),
        retried=sum(attempt.figures.retried for attempt in attempts),
        archived=sum(attempt.figures.archived for attempt in attempts),
    )


def _durations(ordered: Sequence[timedelta]) -> Durations | None:
    if not ordered:
        return None
    p50, p95 = (ordered[ceil(share * len(ordered)) - 1] for share in (0.5, 0.95))
    return Durations(p50=p50, p95=p95, longest=ordered[-1])
