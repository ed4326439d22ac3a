"""Tasks that take their process with them."""

from collections import Counter

import pytest

from tests.eventually import eventually
from tests.faults.fleet import Fleet
from tests.faults.journal import END, START
from tests.queued import queued

CRASHES = 3


@pytest.mark.parametrize("poison", ["kill_own_process", "leave_process"])
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
