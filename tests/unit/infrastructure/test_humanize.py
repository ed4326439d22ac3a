from datetime import timedelta

import pytest

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.options import parse_duration
from tests.fakes.clock import NOON


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "0.2s"),
        (9.96, "10.0s"),
        (59.7, "1m"),
        (90, "1m30s"),
        (3600, "1h"),
        (3605, "1h"),
        (3660, "1h1m"),
        (90_000, "1d1h"),
        (90 * 86_400, "90d"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert humanize.duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize("text", ["1m30s", "1h", "90d", "2.5s"])
def test_a_duration_can_be_given_back_as_an_option(text: str) -> None:
    assert humanize.duration(parse_duration(text)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 tasks wait"), (1, "1 task waits"), (21, "21 tasks wait"), (1240, "1,240 tasks wait")],
)
def test_a_number_and_its_noun_agree(number: int, text: str) -> None:
    assert humanize.counted(number, "task waits", "tasks wait") == text


def test_the_usual_plural_need_not_be_named() -> None:
    assert [humanize.counted(number, "row") for number in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


@pytest.mark.parametrize(
    ("away", "text"), [(timedelta(0), "0s ago"), (timedelta(minutes=5), "in 5m"), (timedelta(-1), "1d ago")]
)
def test_a_moment_is_so_far_away(away: timedelta, text: str) -> None:
    assert humanize.relative_time(NOON + away, now=NOON) == text
    assert humanize.relative_time(None, now=NOON) == "-"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3 * 1024**2, "3.0 MiB"), (2 * 1024**5, "2048.0 TiB")],
)
def test_memory_has_a_fitting_unit(size: int, text: str) -> None:
    assert humanize.memory(size) == text


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ((0, 0), "-"),
        ((3, 0), "0.0 %"),
        ((9999, 1), "<0.1 %"),
        ((999, 1), "0.1 %"),
        ((3, 1), "25.0 %"),
        ((1, 9999), ">99.9 %"),
        ((0, 2), "100.0 %"),
    ],
)
def test_an_error_rate_is_a_share_of_all_attempts(counts: tuple[int, int], text: str) -> None:
    processed, failed = counts

    assert humanize.percent(humanize.error_rate(processed=processed, failed=failed)) == text
