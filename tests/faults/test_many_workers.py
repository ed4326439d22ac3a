"""Several workers, and several processes of one, share what there is to do."""

import time
from collections import Counter

from tests.support.faults.fleet import Fleet
from tests.support.faults.journal import END, START
from tests.support.polling import eventually
from tests.support.queue_contents import queued

TARGET = 1.3  # seconds for 20 tasks of 1 s on 2 x 10 slots
MARGIN = 5  # times the target is still no failure: the machine may be busy
SHARES = {"critical": 60, "default": 30, "low": 10}


def test_two_workers_share_what_fills_both(fleet: Fleet) -> None:
    fleet.start_many(2)
    keys = [str(number) for number in range(20)]
    started = time.monotonic()
    for key in keys:
        fleet.send("work", key=key, seconds=1)

    fleet.ended(keys, within=MARGIN * TARGET)
    seconds = max(entry.at for entry in fleet.journal.entries(END)) - started
    print(f"20 tasks of 1 s on two workers: {seconds:.2f} s")  # noqa: T201 - the measured figure
    assert Counter(fleet.journal.keys(START)) == Counter(keys)
    assert Counter(Counter(entry.pid for entry in fleet.journal.entries(START)).values()) == {10: 2}


def test_three_processes_run_each_task_once_and_the_queues_by_their_weights(fleet: Fleet) -> None:
    number = 300
    fleet.start(processes=3, WORKER_CONCURRENCY="2")
    for queue in SHARES:
        fleet.broker.pause(queue)
    for queue in SHARES:
        for task in range(number):
            fleet.send("work", queue=queue, key=f"{queue}-{task}", seconds=0.01)
    for queue in SHARES:
        fleet.broker.resume(queue)

    eventually(lambda: len(fleet.journal.keys(END)) == 3 * number, within=60)

    starts = fleet.journal.entries(START)
    # As long as all three are backlogged: the first queue is empty after 300 of 500 tasks.
    while_backlogged = Counter(entry.key.split("-")[0] for entry in starts[20:420])
    assert len({entry.pid for entry in starts}) == 3
    assert len({entry.key for entry in starts}) == len(starts)
    for queue, share in SHARES.items():
        assert abs(while_backlogged[queue] / 4 - share) <= 3  # a share of each process's own batches
    eventually(lambda: queued(fleet.redis_url) == [], within=5)
