"""Adds up the rows of periods, and makes figures of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

import msgspec

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
from internal.ports.task_statistics import Counts, Durations, Figures, TaskFigures

_NOTHING = Counts()

_decode_row = msgspec.msgpack.Decoder(list[int]).decode
_decode_rows = msgspec.msgpack.Decoder(dict[str, dict[str, list[int]]]).decode

# A queue and a task name.
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TaskSums:
    """The rows of each task name in some consecutive periods, added up.

    minutes: the attempts in each period in which there were any, by the number of the period.
    """

    rows: dict[_Key, Row] = field(default_factory=dict)
    minutes: dict[_Key, dict[int, Counts]] = field(default_factory=dict)

    def copy(self) -> Self:
        return type(self)(dict(self.rows), {key: dict(minutes) for key, minutes in self.minutes.items()})

    def add(self, packed: bytes | None, *, minute: int | None) -> None:
        """Add the rows of a period; `minute` is its number if its attempts are counted by period."""
        for key, row in _unpacked(packed):
            before = self.rows.get(key)
            self.rows[key] = sum_of(before, row) if before else row
            if minute is not None:
                self.minutes.setdefault(key, {})[minute] = _counts(row)

    def figures(self, minutes: range) -> Sequence[TaskFigures]:
        return [
            TaskFigures(
                queue=queue,
                name=name,
                figures=figures_of(row),
                minutes=_in_order(self.minutes.get((queue, name), {}), minutes),
            )
            for (queue, name), row in sorted(self.rows.items())
        ]


def total_of(rows: Iterable[Row]) -> Row:
    total = empty_row()
    for row in rows:
        total = sum_of(total, row)
    return total


def total_in(packed: bytes | None) -> Row:
    """The sum of the rows of a period."""
    return total_of(row for _, row in _unpacked(packed))


def decode_total(packed: bytes | None) -> Row:
    return _whole(_decode_row(packed)) if packed else empty_row()


def figures_of(row: Row) -> Figures:
    return Figures(
        succeeded=row[SUCCEEDED],
        retried=row[RETRIED],
        archived=row[ARCHIVED],
        waited=_durations(row[WAITS:RUNS], longest=row[LONGEST_WAIT]),
        ran=_durations(row[RUNS:], longest=row[LONGEST_RUN]),
    )


def _unpacked(packed: bytes | None) -> Iterable[tuple[_Key, Row]]:
    for queue, by_name in (_names_decoded(packed) if packed else {}).items():
        for name, row in by_name.items():
            yield (queue, name), _whole(row)


def _names_decoded(packed: bytes) -> dict[str, dict[str, list[int]]]:
    """Return nothing if a name is not UTF-8, because the decoder cannot leave out a single name."""
    try:
        return _decode_rows(packed)
    except UnicodeDecodeError:
        return {}


def _in_order(minutes: Mapping[int, Counts], numbers: range) -> Sequence[Counts]:
    return [minutes.get(number, _NOTHING) for number in numbers]


def _whole(row: Row) -> Row:
    """The row with the length of this version."""
    return (row + [0] * LENGTH)[:LENGTH]


def _counts(row: Row) -> Counts:
    return Counts(succeeded=row[SUCCEEDED], retried=row[RETRIED], archived=row[ARCHIVED])


def _durations(buckets: Sequence[int], *, longest: int) -> Durations | None:
    if not any(buckets):
        return None
    most = timedelta(milliseconds=longest)
    return Durations(
        p50=quantile(buckets, 0.5, longest=most), p95=quantile(buckets, 0.95, longest=most), longest=most
    )
