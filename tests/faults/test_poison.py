"""Workers that die: their tasks start again side by side, and one that kills every process is archived."""

import os
import signal
from collections import Counter

import pytest

from tests.support.faults.fleet import Fleet, Worker
from tests.support.faults.journal import END, START
from tests.support.faults.rounds import long_round
from tests.support.polling import eventually
from tests.support.queue_contents import queued

CRASHES = 3
LONG = 2.0  # seconds


def kill(worker: Worker) -> None:
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()


def test_the_tasks_of_a_killed_worker_start_again_side_by_side(fleet: Fleet) -> None:
    keys = [str(number) for number in range(10)]
    victim = fleet.start(WORKER_LEASE="1", WORKER_CONCURRENCY="10")
    for key in keys:
        fleet.send("hang_once", key=key, seconds=LONG)
    eventually(lambda: len(fleet.journal.keys(START)) == len(keys), within=10)
    fleet.start(WORKER_LEASE="1", WORKER_CONCURRENCY="10")

    kill(victim)
    fleet.ended(keys, within=20)

    again = fleet.journal.entries(START)[len(keys) :]
    assert sorted(entry.key for entry in again) == keys
    assert max(entry.at for entry in again) < min(entry.at for entry in fleet.journal.entries(END))


@pytest.mark.parametrize("poison", ["kill_own_process", pytest.param("leave_process", marks=long_round)])
def test_a_task_that_kills_its_process_is_archived_and_its_neighbours_run(fleet: Fleet, poison: str) -> None:
    innocent = [str(number) for number in range(30)]
    fleet.start_many(2, WORKER_LEASE="2", WORKER_CONCURRENCY="5")
    for key in innocent[:15]:
        fleet.send("work", key=key, seconds=0.3)
    fleet.send(poison, key="poison")
    for key in innocent[15:]:
        fleet.send("work", key=key, seconds=0.3)

    fleet.ended(innocent, within=40)
    eventually(lambda: [task.state for task in queued(fleet.redis_url)] == ["archived"], within=40)

    [archived] = queued(fleet.redis_url)
    assert archived.message.kwargs == {"key": "poison"}
    assert fleet.journal.keys(START).count("poison") == CRASHES
    assert set(Counter(fleet.journal.keys(END))) == set(innocent)
