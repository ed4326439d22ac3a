import time

from tests.support.faults.fleet import Fleet
from tests.support.faults.journal import START
from tests.support.queue_contents import queued

A_DAY = 24 * 3600 * 1000  # milliseconds
FLOOD = 5000
TARGET = 0.05  # seconds after its time
MARGIN = 5


def test_a_flood_of_tasks_for_tomorrow_does_not_hold_up_one_that_is_due(fleet: Fleet) -> None:
    fleet.start()
    for number in range(FLOOD):
        fleet.send("work", delay=A_DAY, key=f"tomorrow-{number}")

    due = time.monotonic() + 2
    fleet.send("work", delay=2000, key="soon")
    fleet.ended(["soon"], within=10)

    [start] = fleet.journal.entries(START)
    print(f"started {(start.at - due) * 1000:.1f} ms after its time")  # noqa: T201 - the measured figure
    assert -TARGET < start.at - due <= MARGIN * TARGET
    assert {task.state for task in queued(fleet.redis_url)} == {"scheduled"}
