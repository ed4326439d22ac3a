"""Workers that are killed in the middle of what they do."""

import os
import signal
from statistics import quantiles

import pytest

from tests.support.faults.fleet import Fleet, Worker, runs
from tests.support.faults.journal import END, START
from tests.support.faults.rounds import long_round
from tests.support.polling import eventually
from tests.support.queue_contents import queued

ROUNDS = 20
AGAIN_WITHIN = 20  # seconds at the default lease


def kill_whoever_runs(fleet: Fleet, key: str) -> float:
    """Kill the process that runs this task; return the seconds until another process started it."""
    eventually(lambda: len(fleet.journal.entries(START, key=key)) == 1, within=10)
    [first] = fleet.journal.entries(START, key=key)

    os.kill(first.pid, signal.SIGKILL)
    fleet.journal.write(key, "killed")

    eventually(lambda: len(fleet.journal.entries(END, key=key)) == 1, within=2 * AGAIN_WITHIN)
    [killed] = fleet.journal.entries("killed", key=key)
    [_, second] = fleet.journal.entries(START, key=key)
    assert second.pid != first.pid
    return second.at - killed.at


@pytest.mark.parametrize("lease", [1])
def test_a_task_whose_worker_is_killed_runs_again_on_another(fleet: Fleet, lease: int) -> None:
    fleet.start_many(2, WORKER_LEASE=str(lease))
    fleet.send("hang_once", key="first")
    seconds = [kill_whoever_runs(fleet, "first")]
    fleet.send("hang_once", key="second")
    seconds.append(kill_whoever_runs(fleet, "second"))

    assert max(seconds) <= AGAIN_WITHIN * lease / 15 * 5
    assert fleet.journal.keys(END) == ["first", "second"]
    eventually(lambda: queued(fleet.redis_url) == [], within=5)


@long_round
@pytest.mark.timeout(900)
def test_a_task_runs_again_within_20_s_at_the_default_lease(fleet: Fleet) -> None:
    fleet.start_many(2)
    seconds = []
    for number in range(ROUNDS):
        fleet.send("hang_once", key=str(number))
        seconds.append(kill_whoever_runs(fleet, str(number)))

    print(f"killed, and run again after: {sorted(round(value, 1) for value in seconds)} s")  # noqa: T201 - the measured figures
    assert quantiles(seconds, n=20)[-1] <= AGAIN_WITHIN
    assert sorted(fleet.journal.keys(END)) == sorted(str(number) for number in range(ROUNDS))
    eventually(lambda: queued(fleet.redis_url) == [], within=5)


def test_a_killed_supervisor_takes_its_children_along(fleet: Fleet) -> None:
    worker = fleet.start(processes=2)
    children = worker.children
    assert len(children) == 2

    worker.process.kill()

    eventually(lambda: not any(runs(child) for child in children), within=5)


def test_a_supervisor_replaces_a_child_that_was_killed(fleet: Fleet) -> None:
    worker = fleet.start(WORKER_LEASE="1")
    [child] = worker.children

    os.kill(child, signal.SIGKILL)
    fleet.send("work", key="after")

    fleet.ended(["after"], within=20)
    assert_has_other_children(worker, child)


def assert_has_other_children(worker: Worker, killed: int) -> None:
    [child] = worker.children
    assert child != killed
    assert "worker.process_died" in worker.log
