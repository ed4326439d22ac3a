"""Connections that are cut while Redis does what it was asked to: nobody hears the reply."""

from collections import Counter

import pytest

from tests.support.faults.fleet import Fleet
from tests.support.faults.journal import START
from tests.support.faults.rounds import long_round
from tests.support.polling import eventually
from tests.support.proxy import Proxy
from tests.support.queue_contents import queued


def run_through_cuts(fleet: Fleet, *, tasks: int, cuts: int, seed: int) -> None:
    """Neither a lost fetch nor a lost settling may repeat a task.

    The one is handed back before it starts, the other is asked for again with the same token.
    """
    keys = [str(number) for number in range(tasks)]
    with Proxy(fleet.redis_url).running() as proxy:
        fleet.start_many(2, REDIS_URL=proxy.url)
        for key in keys:
            fleet.send("work", key=key, seconds=0.1)

        proxy.cut_at_random(cuts, seed=seed)

        fleet.ended(keys, within=60)
        eventually(lambda: queued(fleet.redis_url) == [], within=15)
    assert Counter(fleet.journal.keys(START)) == Counter(keys)


def test_every_task_runs_once_although_replies_are_lost(fleet: Fleet) -> None:
    run_through_cuts(fleet, tasks=300, cuts=12, seed=1)


@long_round
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_every_task_runs_once_although_replies_are_lost_for_long(fleet: Fleet, seed: int) -> None:
    run_through_cuts(fleet, tasks=3000, cuts=150, seed=seed)
