"""A bar chart of attempts over time: what a template needs to draw it.

Lengths are in the units of a box that is as wide as the number of columns and HEIGHT high. The box is
stretched to the page, so one unit of its width is one column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from internal.infrastructure import humanize
from internal.ports.task_statistics import Counts, DueMinute

HEIGHT = 150
BAR = 0.8
# In % of the width. On a phone, a label that is closer to an edge leaves the chart, and one that is closer
# to the word "now" runs into it.
_CLOSE_TO_EDGE, _CLOSE_TO_NOW = 8, 15
_MOST_LINES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Some time, and the attempts that ended in it or the tasks that are due in it."""

    begins: datetime
    length: timedelta
    counts: Counts = field(default_factory=Counts)
    due: int = 0

    @property
    def height(self) -> int:
        return self.counts.ended + self.due

    @property
    def when(self) -> str:
        """The time in words. It is in UTC, like every day of the statistics."""
        if self.length >= timedelta(days=1):
            return f"{self.begins:%a %d %b}"
        end = self.begins + self.length
        return f"{self.begins:%a %H:%M} to {end:%H:%M}"

    @property
    def what(self) -> str:
        if self.due:
            return f"{humanize.count(self.due)} due"
        counts = self.counts
        parts = {"succeeded": counts.succeeded, "to be retried": counts.retried, "archived": counts.archived}
        return (
            ", ".join(f"{humanize.count(number)} {word}" for word, number in parts.items() if number)
            or "nothing"
        )


@dataclass(frozen=True, slots=True)
class Tick:
    """A label, at this % of the width or this height of the box."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`bars` has an SVG path for each kind of attempt. `now` is where the past ends, in % of the width."""

    past: Sequence[Column]
    ahead: Sequence[Column]
    bars: Sequence[tuple[str, str]]
    ticks: Sequence[Tick]
    scale: Sequence[Tick]
    now: float

    @property
    def columns(self) -> Sequence[Column]:
        return [*self.past, *self.ahead]

    @property
    def is_empty(self) -> bool:
        return not any(column.height for column in self.columns)


def chart_of(past: Sequence[Column], ahead: Sequence[Column] = ()) -> Chart:
    columns = [*past, *ahead]
    step, lines = _scale(max((column.height for column in columns), default=0))
    now = 100 * len(past) / len(columns)
    return Chart(
        past=past,
        ahead=ahead,
        bars=_bars(columns, unit=HEIGHT / (step * lines)),
        ticks=_ticks(columns, now=now),
        scale=[Tick(HEIGHT * (1 - n / lines), humanize.count(step * n)) for n in range(lines, -1, -1)],
        now=now,
    )


def columns_ahead(minutes: Sequence[DueMinute]) -> Sequence[Column]:
    length = timedelta(minutes=1)
    return [
        Column(begins=minute.begins, length=length, due=minute.scheduled + minute.retry) for minute in minutes
    ]


def _scale(most: int) -> tuple[int, int]:
    """The distance of the lines, which is 1, 2 or 5 times a power of ten, and their number."""
    step, factors = 1, (2, 2.5, 2)
    for n in range(3 * len(str(most))):
        if -(-most // step) <= _MOST_LINES:
            break
        step = int(step * factors[n % 3])
    return step, max(1, -(-most // step))


def _bars(columns: Sequence[Column], *, unit: float) -> Sequence[tuple[str, str]]:
    """One path for each kind; the bars of a kind begin where those before it end."""
    kinds: Sequence[tuple[str, Callable[[Column], int]]] = [
        ("completed", lambda column: column.counts.succeeded),
        ("retry", lambda column: column.counts.retried),
        ("archived", lambda column: column.counts.archived),
        ("due", lambda column: column.due),
    ]
    tops = [0.0] * len(columns)
    paths = []
    for kind, number_of in kinds:
        heights = [number_of(column) * unit for column in columns]
        bars = [
            _bar(place, top, height)
            for place, (top, height) in enumerate(zip(tops, heights, strict=True))
            if height
        ]
        paths.append((kind, "".join(bars)))
        tops = [top + height for top, height in zip(tops, heights, strict=True)]
    return paths


def _bar(place: int, bottom: float, height: float) -> str:
    left = place + (1 - BAR) / 2
    return f"M{left:.1f} {HEIGHT - bottom:.1f}v{-height:.1f}h{BAR}v{height:.1f}z"


def _ticks(columns: Sequence[Column], *, now: float) -> Sequence[Tick]:
    label_of = _label_of(columns)
    labels = [(100 * place / len(columns), label_of(column.begins)) for place, column in enumerate(columns)]
    return [
        Tick(at, label)
        for at, label in labels
        if label and min(at, 100 - at) >= _CLOSE_TO_EDGE and abs(at - now) >= _CLOSE_TO_NOW
    ]


def _label_of(columns: Sequence[Column]) -> Callable[[datetime], str]:
    """The labels of the columns that begin at a round time; the others have none."""
    span = columns[-1].begins - columns[0].begins
    if span <= timedelta(hours=2):
        return lambda at: f"{at:%H:%M}" if at.minute % 15 == 0 else ""
    if span <= timedelta(days=1):
        return lambda at: f"{at:%H:%M}" if at.hour % 4 == 0 and at.minute == 0 else ""
    if span <= timedelta(days=7):
        return lambda at: f"{at:%a %d}" if at.hour == 0 else ""
    if span <= timedelta(days=30):
        return lambda at: f"{at:%d %b}" if at.weekday() == 0 else ""
    return lambda at: f"{at:%d %b}" if at.day in {1, 15} else ""
