"""What tasks did in a span of time, as the overview shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from internal.infrastructure import humanize
from internal.infrastructure.http.dashboard.chart import Chart, Column, chart_of, columns_ahead
from internal.infrastructure.http.dashboard.sparkline import Bars, Line, bars_of, line_of
from internal.infrastructure.monitoring.health import is_failing
from internal.ports.task_statistics import (
    Counts,
    DueMinute,
    Durations,
    PeriodFigures,
    Span,
    TaskFigures,
    TaskStatistics,
)

MOST_TASKS = 30
_NOTHING = "\N{EN DASH}"

_IN_WORDS: Mapping[Span, str] = {
    Span.HOUR: "the last hour",
    Span.DAY: "the last 24 hours",
    Span.WEEK: "the last 7 days",
    Span.MONTH: "the last 30 days",
    Span.QUARTER: "the last 90 days",
}
_COLUMN_IN_WORDS: Mapping[Span, str] = {
    Span.HOUR: "minute",
    Span.DAY: "10 minutes",
    Span.WEEK: "hour",
    Span.MONTH: "day",
    Span.QUARTER: "day",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One figure, and how it has changed over the span. `more` has figures that matter less."""

    title: str
    value: str
    note: str
    more: str = ""
    line: Line
    kind: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    task: TaskFigures
    bars: Bars

    @property
    def share_failed(self) -> float | None:
        return humanize.error_rate(processed=self.task.figures.succeeded, failed=self.task.figures.failed)

    @property
    def is_failing(self) -> bool:
        return is_failing(self.task.figures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """`tasks` are those with the most failures, then the busiest; `others` is the number of the rest."""

    span: Span
    in_words: str
    column_in_words: str
    total: Counts
    due: int
    cards: Sequence[Card]
    chart: Chart
    tasks: Sequence[TaskRow]
    others: int
    queues: Mapping[str, Bars]


def trend_of(statistics: TaskStatistics, *, hour: TaskStatistics, due: Sequence[DueMinute]) -> Trend:
    """`hour` has the attempts by minute, for the small charts."""
    groups = _groups(statistics)
    ahead = columns_ahead(due) if statistics.span is Span.HOUR else []
    tasks = sorted(statistics.tasks, key=lambda task: (-task.figures.failed, -task.figures.ended))
    minutes = {(task.queue, task.name): task.minutes for task in hour.tasks}
    return Trend(
        span=statistics.span,
        in_words=_IN_WORDS[statistics.span],
        column_in_words=_COLUMN_IN_WORDS[statistics.span],
        total=statistics.total,
        due=sum(column.due for column in ahead),
        cards=_cards(statistics, groups),
        chart=chart_of([_column(group, statistics) for group in groups], ahead),
        tasks=[
            TaskRow(task=task, bars=bars_of(minutes.get((task.queue, task.name), ())))
            for task in tasks[:MOST_TASKS]
        ],
        others=max(0, len(tasks) - MOST_TASKS),
        queues=_bars_by_queue(hour),
    )


def minutes_of(queue: str, hour: TaskStatistics) -> Sequence[Counts]:
    """The attempts of a queue in each minute of the hour."""
    tasks = [task.minutes for task in hour.tasks if task.queue == queue]
    return [_sum(minute) for minute in zip(*tasks, strict=True)] or [Counts()] * len(hour.periods)


def queue_chart(queue: str, hour: TaskStatistics) -> Chart:
    counts = minutes_of(queue, hour)
    return chart_of(
        [
            Column(begins=period.begins, length=hour.length, counts=minute)
            for period, minute in zip(hour.periods, counts, strict=True)
        ]
    )


def queue_total(queue: str, hour: TaskStatistics) -> Counts:
    return _sum(minutes_of(queue, hour))


def _bars_by_queue(hour: TaskStatistics) -> Mapping[str, Bars]:
    return {queue: bars_of(minutes_of(queue, hour)) for queue in {task.queue for task in hour.tasks}}


# Periods that are one column.
_Group = Sequence[PeriodFigures]


def _groups(statistics: TaskStatistics) -> Sequence[_Group]:
    if statistics.span is not Span.WEEK:
        return [[period] for period in statistics.periods]
    # A thousand columns would be thinner than a pixel.
    return [list(group) for _, group in groupby(statistics.periods, key=_hour)]


def _hour(period: PeriodFigures) -> datetime:
    return period.begins.replace(minute=0)


def _column(group: _Group, statistics: TaskStatistics) -> Column:
    counts = _sum([period.figures for period in group])
    return Column(begins=group[0].begins, length=statistics.length * len(group), counts=counts)


def _sum(counts: Sequence[Counts]) -> Counts:
    return Counts(
        succeeded=sum(each.succeeded for each in counts),
        retried=sum(each.retried for each in counts),
        archived=sum(each.archived for each in counts),
    )


def _cards(statistics: TaskStatistics, groups: Sequence[_Group]) -> Sequence[Card]:
    total, counts = statistics.total, [_sum([period.figures for period in group]) for group in groups]
    share = humanize.error_rate(processed=total.succeeded, failed=total.failed)
    # The current period has only begun: a line would fall at its end.
    over = slice(None, -1)
    time = statistics.length * len(statistics.periods)
    waits = [[period.figures.waited for period in group] for group in groups]
    runs = [[period.figures.ran for period in group] for group in groups]
    return [
        Card(
            title="Succeeded",
            value=humanize.count(total.succeeded),
            note=_rate(total.succeeded, time),
            line=line_of([each.succeeded for each in counts[over]]),
            kind="completed",
        ),
        Card(
            title="Failed attempts",
            value=_NOTHING if share is None else humanize.percent(share),
            note="" if share is None else f"{humanize.count(total.failed)} of {humanize.count(total.ended)}",
            line=line_of([each.failed for each in counts[over]]),
            kind="archived",
            is_bad=is_failing(total),
        ),
        _card_of_times("Wait time", total.waited, waits[over], kind="scheduled"),
        _card_of_times("Run time", total.ran, runs[over], kind="active"),
    ]


def _card_of_times(
    title: str, whole: Durations | None, groups: Sequence[Sequence[Durations | None]], *, kind: str
) -> Card:
    """The line shows the highest p95 of each group."""
    longest = [[each.p95.total_seconds() for each in group if each] for group in groups]
    if whole is None:
        value, note, more = _NOTHING, "", ""
    else:
        value, note = humanize.precise_duration(whole.p95), "p95"
        half, most = humanize.precise_duration(whole.p50), humanize.precise_duration(whole.longest)
        more = f"p50 {half} · max {most}"
    line = line_of([max(group, default=None) for group in longest])
    return Card(title=title, value=value, note=note, more=more, line=line, kind=kind)


def _rate(number: int, time: timedelta) -> str:
    """Per minute; rare events per hour or per day, so that the number is not zero; empty for none."""
    if not number:
        return ""
    for unit, length in (("minute", timedelta(minutes=1)), ("hour", timedelta(hours=1))):
        if number * length >= time:
            return f"{number * length / time:.1f} per {unit}"
    return f"{number * timedelta(days=1) / time:.1f} per day"
