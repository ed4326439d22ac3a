from datetime import timedelta

import pytest

from internal.infrastructure.taskqueue.protocol.histogram import (
    BOUNDS,
    BUCKETS,
    LENGTH,
    LONGEST_RUN,
    LONGEST_WAIT,
    RUNS,
    SUCCEEDED,
    WAITS,
    quantile,
    sum_of,
)
from tests.support.taskqueue.counted import row_of

DAY = 24 * 3600.0


@pytest.mark.parametrize("seconds", [0.0, 0.0005, 0.001, 0.0011, 1.0, 90.0, DAY, 30 * DAY])
def test_a_duration_is_in_the_first_bucket_that_reaches_it(seconds: float) -> None:
    row = row_of((seconds, 0))

    [bucket] = [n for n, count in enumerate(row[WAITS:RUNS]) if count]
    assert bucket == BUCKETS - 1 or seconds <= BOUNDS[bucket]
    assert bucket == 0 or seconds > BOUNDS[bucket - 1]
    assert row[LONGEST_WAIT] == pytest.approx(seconds * 1000, abs=1)


def test_rows_add_up() -> None:
    one, other = row_of((5, 1)), row_of((4, 2), (3, 1))

    total = sum_of(one, other)

    assert len(total) == LENGTH
    assert (total[SUCCEEDED], total[LONGEST_WAIT], total[LONGEST_RUN]) == (3, 5000, 2000)
    assert sum(total[WAITS:RUNS]) == sum(total[RUNS:]) == 3


@pytest.mark.parametrize("milliseconds", [0.3, 1, 7, 450, 61_000, 9 * 3_600_000, 60 * 3_600_000])
def test_quantiles_of_equal_durations_are_within_a_factor_of_two(milliseconds: float) -> None:
    duration = timedelta(milliseconds=milliseconds)
    row = row_of(*[(0, duration.total_seconds())] * 100)

    for share in (0.01, 0.5, 0.95, 1):
        estimate = quantile(row[RUNS:], share, longest=duration)

        assert estimate <= duration
        assert estimate >= duration / 2 or milliseconds <= 1


def test_quantiles_rise_with_the_share() -> None:
    row = row_of(*((0, n / 100) for n in range(1000)))

    found = [quantile(row[RUNS:], share / 100, longest=timedelta(seconds=10)) for share in range(1, 101)]

    assert found == sorted(found)
    assert found[49] == pytest.approx(timedelta(seconds=5), rel=0.1)
    assert found[94] == pytest.approx(timedelta(seconds=9.5), rel=0.1)
