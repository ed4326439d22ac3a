from datetime import timedelta

import pytest

from internal.infrastructure.clock import SystemClock
from internal.ports.clock import Clock
from tests.fakes.clock import FakeClock


@pytest.fixture(params=[FakeClock, SystemClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


def test_tells_the_time_in_utc(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_never_goes_back(clock: Clock) -> None:
    first, second = clock.now(), clock.now()

    assert first <= second
