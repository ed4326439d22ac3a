import re

from internal.infrastructure.http.dashboard.sparkline import BAR_HEIGHT, bars_of, line_of
from internal.ports.task_statistics import Counts

NOTHING = Counts()


def heights(path: str) -> list[int]:
    return [int(height) for height in re.findall(r"v-(\d+)", path)]


def test_a_line_goes_from_edge_to_edge() -> None:
    line = line_of([0, 5, 10])

    assert line.line == "M0.0 24.0L60.0 13.0L120.0 2.0"
    assert line.area == "M0.0 24.0L60.0 13.0L120.0 2.0L120.0 26L0.0 26z"


def test_an_unknown_value_leaves_a_gap() -> None:
    line = line_of([1, None, 1, 1])

    assert line.line == "M0.0 2.0h0M80.0 2.0L120.0 2.0"


def test_nothing_is_an_empty_line() -> None:
    assert line_of([None, None]).line == ""
    assert line_of([]).area == ""
    assert line_of([0, 0]).line == ""


def test_two_minutes_are_one_bar_with_failures_on_top() -> None:
    bars = bars_of([Counts(succeeded=2, retried=1), Counts(succeeded=4, archived=1), NOTHING, NOTHING])

    assert bars.succeeded == "M30 20v-15"
    assert bars.failed == "M30 5v-5"


def test_one_failure_among_thousands_is_visible() -> None:
    bars = bars_of([Counts(succeeded=9_999, retried=1), NOTHING])

    assert heights(bars.failed) == [1]
    assert heights(bars.succeeded) == [BAR_HEIGHT - 1]


def test_without_minutes_there_are_no_bars() -> None:
    assert bars_of([]).succeeded == ""
    assert bars_of([NOTHING] * 60).failed == ""
