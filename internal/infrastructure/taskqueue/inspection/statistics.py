"""Reads the statistics that the workers write with their heartbeats."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import redis.asyncio

from internal.infrastructure.taskqueue.connections.connection import PooledConnection, translated_outages
from internal.infrastructure.taskqueue.inspection.statistics_sums import (
    TaskSums,
    decode_total,
    figures_of,
    total_in,
    total_of,
)
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.histogram import Row, sum_of
from internal.infrastructure.taskqueue.protocol.redis_time import EPOCH, to_moment
from internal.ports.task_statistics import DueMinute, PeriodFigures, Span, TaskStatistics

# Periods per call when the rows of all tasks are read: some 10 kB each.
AT_ONCE = 50
DUE_MINUTES = 15


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of period, by its name in `statistics_periods.lua`."""

    name: str
    length: timedelta


_MINUTE = _Kind("minute", timedelta(minutes=1))
_TEN_MINUTES = _Kind("ten_minutes", timedelta(minutes=10))
_DAY = _Kind("day", timedelta(days=1))
_TENS_OF_A_DAY = _DAY.length // _TEN_MINUTES.length

_PERIODS: Mapping[Span, tuple[_Kind, int]] = {
    Span.HOUR: (_MINUTE, 60),
    Span.DAY: (_TEN_MINUTES, _TENS_OF_A_DAY),
    Span.WEEK: (_TEN_MINUTES, 7 * _TENS_OF_A_DAY),
    Span.MONTH: (_DAY, 30),
    Span.QUARTER: (_DAY, 90),
}

# A kind of period, and the numbers of the first and the last one.
_Range = tuple[_Kind, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Closed:
    """The periods of a span that are over."""

    last: int
    periods: Sequence[PeriodFigures]
    total: Row
    tasks: TaskSums


class StatisticsReader:
    """The cost of a span does not depend on the number of tasks. Raises Unavailable.

    Redis' clock says to which period an attempt belongs, so a period that is over does not change. It is read
    once; until the next period begins, only the current one is read again.
    """

    def __init__(self, client: redis.asyncio.Redis, *, namespace: str) -> None:
        self._connection = PooledConnection(client)
        self._namespace = namespace
        self._closed: dict[Span, _Closed] = {}

    async def read(self, span: Span) -> TaskStatistics:
        kind, count = _PERIODS[span]
        current, [packed] = await self._call(kind, last=-1, count=1, field="rows")
        closed = self._closed.get(span)
        if closed is None or closed.last != current - 1:
            closed = self._closed[span] = await self._read_closed(kind, current - count + 1, current - 1)
        row, tasks = total_in(packed), closed.tasks.copy()
        tasks.add(packed, minute=_minute(kind, current))
        minutes = range(current - count + 1, current + 1) if kind is _MINUTE else range(0)
        return TaskStatistics(
            span=span,
            length=kind.length,
            periods=[*closed.periods, _period(kind, current, row)],
            tasks=tasks.figures(minutes),
            total=figures_of(sum_of(closed.total, row)),
        )

    async def due(self) -> Sequence[DueMinute]:
        with translated_outages():
            first, counts = await scripts.DUE.call(self._connection, self._namespace, [DUE_MINUTES])
        return [
            DueMinute(begins=to_moment(first) + minute * _MINUTE.length, scheduled=scheduled, retry=retry)
            for minute, (scheduled, retry) in enumerate(zip(counts[::2], counts[1::2], strict=True))
        ]

    async def _read_closed(self, kind: _Kind, first: int, last: int) -> _Closed:
        _, totals = await self._call(kind, last=last, count=last - first + 1, field="total")
        rows = [decode_total(total) for total in totals]
        tasks = TaskSums()
        async for minute, packed in self._rows(_ranges(kind, first, last)):
            tasks.add(packed, minute=minute)
        return _Closed(
            last=last,
            periods=[_period(kind, number, row) for number, row in enumerate(rows, start=first)],
            total=total_of(rows),
            tasks=tasks,
        )

    async def _rows(self, ranges: Sequence[_Range]) -> AsyncIterator[tuple[int | None, bytes | None]]:
        for kind, first, last in ranges:
            for begin in range(first, last + 1, AT_ONCE):
                end = min(begin + AT_ONCE - 1, last)
                _, found = await self._call(kind, last=end, count=end - begin + 1, field="rows")
                for number, packed in enumerate(found, start=begin):
                    yield _minute(kind, number), packed

    async def _call(
        self, kind: _Kind, *, last: int, count: int, field: str
    ) -> tuple[int, Sequence[bytes | None]]:
        with translated_outages():
            reply: Any = await scripts.STATISTICS.call(
                self._connection, self._namespace, (kind.name, last, count, field)
            )
        newest, found = reply
        return newest, found


def _ranges(kind: _Kind, first: int, last: int) -> Sequence[_Range]:
    """The fewest periods that cover these: whole days in the place of their ten minutes."""
    if kind is not _TEN_MINUTES or last - first < 2 * _TENS_OF_A_DAY:
        return [(kind, first, last)]
    first_day, last_day = -(-first // _TENS_OF_A_DAY), (last + 1) // _TENS_OF_A_DAY
    return [
        (kind, first, first_day * _TENS_OF_A_DAY - 1),
        (_DAY, first_day, last_day - 1),
        (kind, last_day * _TENS_OF_A_DAY, last),
    ]


def _minute(kind: _Kind, number: int) -> int | None:
    return number if kind is _MINUTE else None


def _period(kind: _Kind, number: int, row: Row) -> PeriodFigures:
    return PeriodFigures(begins=EPOCH + number * kind.length, figures=figures_of(row))
