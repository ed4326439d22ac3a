"""Reads the statistics that the workers write with their heartbeats."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
import redis.asyncio

from internal.infrastructure.taskqueue.connections.connection import PooledConnection, translated_outages
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.histogram import (
    ARCHIVED,
    LENGTH,
    LONGEST_RUN,
    LONGEST_WAIT,
    RETRIED,
    RUNS,
    SUCCEEDED,
    WAITS,
    Row,
    empty_row,
    quantile,
    sum_of,
)
from internal.infrastructure.taskqueue.protocol.redis_time import EPOCH, to_moment
from internal.ports.task_statistics import (
    DueMinute,
    Durations,
    Figures,
    PeriodFigures,
    Span,
    TaskFigures,
    TaskStatistics,
)

# Periods per call when the rows of all tasks are read: some 10 kB each.
AT_ONCE = 50
DUE_MINUTES = 15

_decode_row = msgspec.msgpack.Decoder(list[int]).decode
_decode_rows = msgspec.msgpack.Decoder(dict[str, dict[str, list[int]]]).decode


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


class StatisticsReader:
    """The cost of a span does not depend on the number of tasks. Raises Unavailable."""

    def __init__(self, client: redis.asyncio.Redis, *, namespace: str) -> None:
        self._connection = PooledConnection(client)
        self._namespace = namespace

    async def read(self, span: Span) -> TaskStatistics:
        kind, count = _PERIODS[span]
        last, totals = await self._call(kind, last=-1, count=count, field="total")
        rows = [_whole(_decode_row(total)) if total else empty_row() for total in totals]
        first = last - count + 1
        return TaskStatistics(
            span=span,
            length=kind.length,
            periods=[
                PeriodFigures(begins=EPOCH + number * kind.length, figures=_figures(row))
                for number, row in enumerate(rows, start=first)
            ],
            tasks=await self._by_task(_ranges(kind, first, last)),
            total=_figures(_total(rows)),
        )

    async def due(self) -> Sequence[DueMinute]:
        with translated_outages():
            first, counts = await scripts.DUE.call(self._connection, self._namespace, [DUE_MINUTES])
        return [
            DueMinute(begins=to_moment(first) + minute * _MINUTE.length, scheduled=scheduled, retry=retry)
            for minute, (scheduled, retry) in enumerate(zip(counts[::2], counts[1::2], strict=True))
        ]

    async def _by_task(self, ranges: Sequence[_Range]) -> Sequence[TaskFigures]:
        sums: dict[tuple[str, str], Row] = {}
        async for packed in self._rows(ranges):
            for queue, by_name in _decode_rows(packed).items():
                for name, row in by_name.items():
                    before = sums.get((queue, name))
                    sums[queue, name] = sum_of(before, _whole(row)) if before else _whole(row)
        return [
            TaskFigures(queue=queue, name=name, figures=_figures(row))
            for (queue, name), row in sorted(sums.items())
        ]

    async def _rows(self, ranges: Sequence[_Range]) -> AsyncIterator[bytes]:
        for kind, first, last in ranges:
            for begin in range(first, last + 1, AT_ONCE):
                end = min(begin + AT_ONCE - 1, last)
                _, found = await self._call(kind, last=end, count=end - begin + 1, field="rows")
                for packed in filter(None, found):
                    yield packed

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
    first_day, last_day = -(-first // _TENS_OF_A_DAY), last // _TENS_OF_A_DAY
    return [
        (kind, first, first_day * _TENS_OF_A_DAY - 1),
        (_DAY, first_day, last_day - 1),
        (kind, last_day * _TENS_OF_A_DAY, last),
    ]


def _whole(row: Row) -> Row:
    """The row with the length of this version."""
    return (row + [0] * LENGTH)[:LENGTH]


def _total(rows: Sequence[Row]) -> Row:
    total = empty_row()
    for row in rows:
        total = sum_of(total, row)
    return total


def _figures(row: Row) -> Figures:
    return Figures(
        succeeded=row[SUCCEEDED],
        retried=row[RETRIED],
        archived=row[ARCHIVED],
        waited=_durations(row[WAITS:RUNS], longest=row[LONGEST_WAIT]),
        ran=_durations(row[RUNS:], longest=row[LONGEST_RUN]),
    )


def _durations(buckets: Sequence[int], *, longest: int) -> Durations | None:
    if not any(buckets):
        return None
    most = timedelta(milliseconds=longest)
    return Durations(
        p50=quantile(buckets, 0.5, longest=most), p95=quantile(buckets, 0.95, longest=most), longest=most
    )
