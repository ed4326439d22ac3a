"""Small charts without axes, as SVG paths. The numbers are beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from internal.ports.task_statistics import Counts

# The size of the boxes that templates draw them in.
WIDTH, LINE_HEIGHT, BAR_HEIGHT = 120, 26, 20
# A line keeps this distance from the edges of its box.
_EDGE = 2
# Columns of the bars of an hour: two minutes each.
_MINUTES_A_BAR = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and the area below it."""

    line: str
    area: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Successful attempts, and failed ones on top of them."""

    succeeded: str
    failed: str


def line_of(values: Sequence[float | None]) -> Line:
    """None leaves a gap. Without a value above zero, there is no line."""
    most = max((value for value in values if value is not None), default=0)
    if not most:
        return Line("", "")
    step = WIDTH / max(1, len(values) - 1)
    points = [
        None
        if value is None
        else (place * step, LINE_HEIGHT - _EDGE - value / most * (LINE_HEIGHT - 2 * _EDGE))
        for place, value in enumerate(values)
    ]
    runs = [[point for point in run if point] for has_value, run in groupby(points, key=bool) if has_value]
    lines = ["M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run) for run in runs]
    areas = [
        f"{line}L{run[-1][0]:.1f} {LINE_HEIGHT}L{run[0][0]:.1f} {LINE_HEIGHT}z"
        for line, run in zip(lines, runs, strict=True)
    ]
    # A line of one point is a dot.
    return Line("".join(line if "L" in line else f"{line}h0" for line in lines), "".join(areas))


def bars_of(minutes: Sequence[Counts]) -> Bars:
    bars = [_sum(minutes[first : first + _MINUTES_A_BAR]) for first in range(0, len(minutes), _MINUTES_A_BAR)]
    most = max((succeeded + failed for succeeded, failed in bars), default=0) or 1
    succeeded, failed = [], []
    for place, (good, bad) in enumerate(bars):
        x = (place + 0.5) * WIDTH / len(bars)
        # Even one failure in a thousand is visible.
        top = min(BAR_HEIGHT, max(1, round(bad / most * BAR_HEIGHT))) if bad else 0
        base = min(BAR_HEIGHT - top, max(1, round(good / most * BAR_HEIGHT))) if good else 0
        if base:
            succeeded.append(f"M{x:g} {BAR_HEIGHT}v{-base}")
        if top:
            failed.append(f"M{x:g} {BAR_HEIGHT - base}v{-top}")
    return Bars("".join(succeeded), "".join(failed))


def _sum(minutes: Sequence[Counts]) -> tuple[int, int]:
    return sum(minute.succeeded for minute in minutes), sum(minute.failed for minute in minutes)
