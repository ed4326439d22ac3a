"""A Redis without memory refuses what is new, and lets go of what is there."""

import pytest
from dramatiq.errors import ConnectionClosed

from tests.support.faults.fleet import Fleet
from tests.support.faults.journal import END, START
from tests.support.full_redis import full
from tests.support.polling import eventually
from tests.support.queue_contents import queued


def test_a_full_redis_refuses_new_tasks_as_an_outage_does(fleet: Fleet) -> None:
    with full(fleet.redis_url), pytest.raises(ConnectionClosed, match="maxmemory"):
        fleet.send("work", key="refused")

    fleet.send("work", key="later")

    assert [task.message.kwargs["key"] for task in queued(fleet.redis_url)] == ["later"]


def test_workers_drain_a_full_redis(fleet: Fleet) -> None:
    keys = [str(number) for number in range(100)]
    for key in keys:
        fleet.send("work", key=key, seconds=0.05)
    fleet.send("fail", key="again", failures=1, retry_in=200)
    worker = fleet.start()
    with full(fleet.redis_url):
        fleet.ended([*keys, "again"], within=20)
        eventually(lambda: fleet.broker.qsize("default") == 0, within=5)

    fleet.send("work", key="later")
    fleet.ended(["later"], within=10)
    assert "fetcher.failed" not in worker.log
    assert len(fleet.journal.keys(START)) == len(keys) + 3
    assert len(fleet.journal.keys(END)) == len(keys) + 2
