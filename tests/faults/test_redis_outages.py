"""Redis that stops, restarts or freezes under load, while the workers go on."""

import os
import signal
import time
from collections import Counter
from contextlib import AbstractContextManager, suppress

import pytest
from dramatiq.errors import ConnectionClosed

from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.faults.fleet import Fleet
from tests.support.faults.journal import END, FAIL, START
from tests.support.faults.rounds import long_round
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.repeating_thread import repeating

RETRIES = [f"retry-{number}" for number in range(100)]
BACK_WITHIN = 30  # seconds after Redis is back


class Load:
    """Sends tasks one by one; Redis may have tasks that it did not confirm."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.confirmed: list[str] = []

    def running(self) -> AbstractContextManager[None]:
        return repeating(self._send, every=0.01)

    def _send(self, number: int) -> None:
        with suppress(ConnectionClosed):
            self._fleet.send("work", key=f"load-{number}", seconds=0.03)
            self.confirmed.append(f"load-{number}")


def assert_ran_once(fleet: Fleet, load: Load) -> None:
    fleet.ended(load.confirmed, within=BACK_WITHIN)
    eventually(lambda: queued(fleet.redis_url) == [], within=10)
    runs = Counter(key for key in fleet.journal.keys(START) if key not in RETRIES)
    assert set(runs) >= set(load.confirmed)
    assert set(runs.values()) == {1}


def test_pending_retries_run_after_a_restart_of_redis(fleet: Fleet, redis_server: EmbeddedRedis) -> None:
    worker = fleet.start()
    children = worker.children
    load = Load(fleet)
    for key in RETRIES:
        fleet.send("fail", key=key, failures=1, retry_in=3000)
    with load.running():
        eventually(lambda: len(fleet.journal.keys(FAIL)) == len(RETRIES), within=10)
        time.sleep(0.2)  # until they are settled, and in Redis

        redis_server.stop()
        time.sleep(1)
        redis_server.start()
        back = time.monotonic()

        fleet.ended(RETRIES, within=BACK_WITHIN)
        seconds = time.monotonic() - back

    print(f"all of {len(RETRIES)} retries had run {seconds:.1f} s after Redis was back")  # noqa: T201 - the measured figure
    assert Counter(fleet.journal.keys(END))[RETRIES[0]] == 1
    assert Counter(key for key in fleet.journal.keys(START) if key in RETRIES) == Counter(RETRIES * 2)
    assert_ran_once(fleet, load)
    assert worker.children == children


@pytest.mark.parametrize(
    ("seconds", "lease"),
    [
        pytest.param(3, 15, id="within the lease", marks=long_round),
        pytest.param(3, 1, id="past the lease"),
        pytest.param(20, 15, id="long past the lease", marks=long_round),
    ],
)
def test_a_frozen_redis_loses_and_doubles_nothing(
    fleet: Fleet, redis_server: EmbeddedRedis, seconds: int, lease: int
) -> None:
    fleet.start_many(2, WORKER_LEASE=str(lease))
    load = Load(fleet)
    with load.running():
        time.sleep(0.5)

        os.kill(redis_server.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(redis_server.pid, signal.SIGCONT)
        time.sleep(1)

    assert_ran_once(fleet, load)
