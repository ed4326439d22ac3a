from datetime import timedelta

from internal.infrastructure.cli.dash.source import Rates
from internal.ports.task_snapshots import QueueInfo
from tests.fakes.clock import NOON


def seen(name: str, ended: int) -> QueueInfo:
    return QueueInfo(
        name=name, is_paused=False, sizes={}, latency=timedelta(0), memory=0, processed=ended, failed=0
    )


def test_a_rate_is_that_of_the_last_ten_seconds() -> None:
    rates = Rates()
    for second, ended in ((0, 0), (2, 0), (4, 0), (12, 80), (14, 100)):
        rates.add(NOON + timedelta(seconds=second), [seen("default", ended)])

    assert rates.of("default") == 10.0


def test_without_two_looks_there_is_no_rate() -> None:
    rates = Rates()
    rates.add(NOON, [seen("default", 5)])
    rates.add(NOON, [seen("default", 5)])

    assert rates.of("default") is None
    assert rates.of("low") is None


def test_counters_that_start_again_at_midnight_have_no_rate() -> None:
    rates = Rates()
    rates.add(NOON, [seen("default", 500)])
    rates.add(NOON + timedelta(seconds=2), [seen("default", 3)])

    assert rates.of("default") is None
