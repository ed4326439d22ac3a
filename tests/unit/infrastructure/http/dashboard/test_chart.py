from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from internal.infrastructure.http.dashboard.chart import HEIGHT, Chart, Column, chart_of, columns_ahead
from internal.ports.task_statistics import Counts, DueMinute

MINUTE, TEN_MINUTES, HOUR, DAY = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(days=1),
)
MONDAY = datetime(2026, 11, 30, 3, 1, tzinfo=UTC)


def columns(number: int, length: timedelta = MINUTE, *, first: datetime = MONDAY) -> Sequence[Column]:
    return [Column(begins=first + place * length, length=length) for place in range(number)]


def column(**counts: int) -> Column:
    return Column(begins=MONDAY, length=MINUTE, counts=Counts(**counts))


def labels(chart: Chart) -> list[str]:
    return [tick.label for tick in chart.ticks]


def scale(most: int) -> list[str]:
    return [line.label for line in chart_of([column(succeeded=most)]).scale]


def test_the_bars_of_a_column_are_stacked() -> None:
    chart = chart_of([column(), column(succeeded=60, retried=30, archived=10)])

    paths = dict(chart.bars)
    assert paths["completed"] == f"M1.1 {HEIGHT}.0v-90.0h0.8v90.0z"
    assert paths["retry"] == "M1.1 60.0v-45.0h0.8v45.0z"
    assert paths["archived"] == "M1.1 15.0v-15.0h0.8v15.0z"
    assert paths["due"] == ""


@pytest.mark.parametrize(
    ("most", "lines"),
    [
        (0, ["1", "0"]),
        (3, ["3", "2", "1", "0"]),
        (9, ["10", "5", "0"]),
        (100, ["100", "50", "0"]),
        (101, ["150", "100", "50", "0"]),
        (7_999, ["8,000", "6,000", "4,000", "2,000", "0"]),
        (1_000_000_000, ["1,000,000,000", "500,000,000", "0"]),
    ],
)
def test_the_lines_are_at_round_numbers(most: int, lines: list[str]) -> None:
    assert scale(most) == lines


def test_every_number_fits_below_the_highest_line() -> None:
    for most in range(1, 3000):
        lines = [int(line.replace(",", "")) for line in scale(most)]
        assert lines[0] >= most
        assert 2 <= len(lines) <= 5


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        (columns(60), ["03:15", "03:30", "03:45"]),
        (columns(144, TEN_MINUTES), ["08:00", "12:00", "16:00", "20:00"]),
        (columns(168, HOUR), ["Tue 01", "Wed 02", "Thu 03", "Fri 04", "Sat 05", "Sun 06"]),
        (columns(30, DAY), ["07 Dec", "14 Dec", "21 Dec"]),
        (columns(90, DAY), ["15 Dec", "01 Jan", "15 Jan", "01 Feb"]),
    ],
)
def test_round_times_have_labels_unless_they_are_close_to_an_end(
    past: Sequence[Column], expected: list[str]
) -> None:
    chart = chart_of([replaced_minute(column) for column in past])

    assert labels(chart) == expected
    assert all(8 <= tick.at <= 92 for tick in chart.ticks)


def replaced_minute(column: Column) -> Column:
    """Periods begin at a multiple of their length."""
    begins = column.begins - (column.begins - datetime(1970, 1, 1, tzinfo=UTC)) % column.length
    return Column(begins=begins, length=column.length)


def test_minutes_ahead_follow_the_past() -> None:
    minutes = [DueMinute(begins=MONDAY + n * MINUTE, scheduled=n, retry=1) for n in range(15)]

    chart = chart_of(columns(60), columns_ahead(minutes))

    assert chart.now == 80
    assert [column.due for column in chart.ahead] == list(range(1, 16))
    assert dict(chart.bars)["due"].startswith("M60.1 ")
    assert chart.ahead[2].what == "3 due"


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (column(), "Mon 03:01 to 03:02: nothing"),
        (column(succeeded=1_200, archived=3), "Mon 03:01 to 03:02: 1,200 succeeded, 3 archived"),
        (column(retried=2), "Mon 03:01 to 03:02: 2 to be retried"),
        (Column(begins=MONDAY, length=DAY, counts=Counts(succeeded=1)), "Mon 30 Nov: 1 succeeded"),
    ],
)
def test_a_column_says_what_it_shows(column: Column, words: str) -> None:
    assert f"{column.when}: {column.what}" == words


def test_a_chart_without_attempts_is_empty() -> None:
    assert chart_of(columns(60)).is_empty
    assert not chart_of([column(retried=1)]).is_empty
