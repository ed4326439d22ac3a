import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.settlements import Demand
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.worker.promise import end
from internal.infrastructure.taskqueue.worker.slots import AHEAD, MEASURED, Slots
from tests.support.polling import eventually
from tests.support.taskqueue.attempts import delivery

pytestmark = pytest.mark.anyio

QUICK, SLOW = 0.001, 0.1  # seconds


class Visitors:
    """Tasks that enter the slots when they are told to."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._entering: set[asyncio.Task[None]] = set()
        self.started: list[Delivery] = []
        self.sent_away: list[Delivery] = []

    async def enter(self, *tasks: Delivery) -> None:
        for task in tasks:
            self._slots.expect(task)
            self._entering.add(asyncio.create_task(self._enter(task)))
        await self.settle()

    async def settle(self) -> None:
        """Let each go as far as it can."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def leave(self, task: Delivery, *, seconds: float) -> None:
        task.attempt.seconds = seconds
        self._slots.leave(task)
        await self.settle()

    async def run(self, *, times: int, seconds: float) -> None:
        for _ in range(times):
            done = delivery()
            await self.enter(done)
            await self.leave(done, seconds=seconds)

    def end(self) -> None:
        for entering in self._entering:
            end(entering)

    async def _enter(self, task: Delivery) -> None:
        has_slot = await self._slots.enter(task)
        (self.started if has_slot else self.sent_away).append(task)


@pytest.fixture
def slots() -> Slots:
    return Slots(2, timing=Timing(quick=timedelta(milliseconds=5), look_ahead=timedelta(minutes=1)))


@pytest.fixture
async def visitors(slots: Slots) -> AsyncIterator[Visitors]:
    visitors = Visitors(slots)
    yield visitors
    visitors.end()


async def test_wants_a_task_for_each_free_slot(slots: Slots, visitors: Visitors) -> None:
    before = slots.demand()
    await visitors.enter(delivery())

    assert before == Demand(total=2, direct=2, suspect=True)
    assert slots.demand() == Demand(total=1, direct=1, suspect=True)


async def test_wants_none_for_a_slot_that_is_promised(slots: Slots) -> None:
    slots.expect(delivery())
    with_one = slots.demand()
    slots.expect(delivery())
    slots.expect(delivery())

    assert with_one == Demand(total=1, direct=1, suspect=True)
    assert slots.demand() == Demand(total=0, direct=0, suspect=False)


async def test_wants_another_for_one_that_needs_no_slot(slots: Slots) -> None:
    expected = delivery(suspect=True)
    slots.expect(expected)

    for _ in range(2):
        slots.leave(expected)

    assert slots.demand() == Demand(total=2, direct=2, suspect=True)


async def test_starts_what_it_is_offered_until_it_is_full(slots: Slots, visitors: Visitors) -> None:
    tasks = [delivery() for _ in range(3)]

    await visitors.enter(*tasks)

    assert visitors.started == tasks[:2]
    assert set(slots.running) == set(tasks[:2])


async def test_a_free_slot_goes_to_the_next_in_line(slots: Slots, visitors: Visitors) -> None:
    tasks = [delivery() for _ in range(4)]
    await visitors.enter(*tasks)

    await visitors.leave(tasks[1], seconds=SLOW)

    assert visitors.started == tasks[:3]
    assert set(slots.running) == {tasks[0], tasks[2]}


async def test_fetches_ahead_only_once_it_knows_that_tasks_are_quick(
    slots: Slots, visitors: Visitors
) -> None:
    totals = []
    for _ in range(3):
        totals.append(slots.demand().total)
        await visitors.run(times=1, seconds=QUICK)

    assert totals == [2, 2, 2 + AHEAD * 2]


async def test_a_task_that_is_fetched_ahead_does_not_count_as_a_free_slot(
    slots: Slots, visitors: Visitors
) -> None:
    await visitors.run(times=MEASURED, seconds=QUICK)
    await visitors.enter(*[delivery() for _ in range(3)])

    assert slots.demand() == Demand(total=2 + AHEAD * 2 - 3, direct=0, suspect=False)


async def test_fetches_nothing_ahead_once_tasks_are_slow(slots: Slots, visitors: Visitors) -> None:
    await visitors.run(times=MEASURED, seconds=QUICK)

    await visitors.run(times=10, seconds=SLOW)

    assert slots.demand().total == 2


async def test_only_the_last_tasks_say_how_quick_they_are(slots: Slots, visitors: Visitors) -> None:
    await visitors.run(times=10, seconds=SLOW)

    await visitors.run(times=MEASURED, seconds=QUICK)

    assert slots.demand().total == 2 + AHEAD * 2


async def test_tasks_that_wait_are_sent_away_the_last_first(slots: Slots, visitors: Visitors) -> None:
    tasks = [delivery() for _ in range(5)]
    await visitors.enter(*tasks)

    slots.send_away_waiting()
    await visitors.settle()

    assert visitors.sent_away == [tasks[4], tasks[3], tasks[2]]
    assert slots.demand().total == 0


async def test_only_what_has_waited_too_long_is_sent_away(slots: Slots, visitors: Visitors) -> None:
    tasks = [delivery() for _ in range(4)]
    tasks[2].fetched_at -= 1
    await visitors.enter(*tasks)

    slots.send_away_waiting(longer_than=0.5)
    await visitors.settle()

    assert visitors.sent_away == [tasks[2]]


async def test_a_task_that_has_waited_too_long_is_sent_away_in_time() -> None:
    slots = Slots(1, timing=Timing(look_ahead=timedelta(milliseconds=50)))
    visitors = Visitors(slots)
    running, first, second = delivery(), delivery(), delivery()
    second.fetched_at += 0.1

    await visitors.enter(running, first, second)
    await asyncio.to_thread(eventually, lambda: len(visitors.sent_away) == 2, within=5)

    assert visitors.sent_away == [first, second]
    assert visitors.started == [running]


async def test_the_loop_serves_others_between_tasks_that_block_it() -> None:
    slots = Slots(2, timing=Timing(look_ahead=timedelta(milliseconds=5)))
    order: list[object] = []

    async def block(task: Delivery) -> None:
        await slots.enter(task)
        order.append(task)
        time.sleep(0.01)  # noqa: ASYNC251 - a handler that blocks
        slots.leave(task)

    tasks = [delivery() for _ in range(3)]
    for task in tasks:
        slots.expect(task)
    blocking = [asyncio.create_task(block(task)) for task in tasks]
    asyncio.get_running_loop().call_soon(order.append, "another")
    await asyncio.gather(*blocking)

    assert order[:2] == [tasks[0], "another"]
    assert order[2:] == tasks[1:]


async def test_fetches_nothing_ahead_after_something_had_to_go_back_until_a_slot_is_free(
    slots: Slots, visitors: Visitors
) -> None:
    await visitors.run(times=MEASURED, seconds=QUICK)
    stuck = [delivery(), delivery()]
    await visitors.enter(*stuck, delivery())
    slots.send_away_waiting()

    while_stuck = slots.demand()
    await visitors.leave(stuck[0], seconds=QUICK)

    assert while_stuck == Demand(total=0, direct=0, suspect=False)
    assert slots.demand().total == 1 + AHEAD * 2


async def test_wants_one_suspect_at_a_time(slots: Slots, visitors: Visitors) -> None:
    suspect = delivery(suspect=True)
    await visitors.enter(suspect)

    beside_the_suspect = slots.demand()
    await visitors.leave(suspect, seconds=SLOW)

    assert beside_the_suspect == Demand(total=1, direct=1, suspect=False)
    assert slots.demand().suspect


async def test_wants_another_suspect_when_one_went_back_unstarted(slots: Slots, visitors: Visitors) -> None:
    running = [delivery(), delivery()]
    await visitors.enter(*running, delivery(suspect=True))

    slots.send_away_waiting()
    await visitors.leave(running[0], seconds=SLOW)

    assert slots.demand().suspect


async def test_one_that_is_sent_away_waits_no_longer(slots: Slots, visitors: Visitors) -> None:
    first, second, waiting, suspect = delivery(), delivery(), delivery(), delivery(suspect=True)
    await visitors.enter(first, second, waiting, suspect)

    for task in (suspect, suspect, first):
        slots.send_away(task)
    await visitors.leave(first, seconds=SLOW)
    await visitors.leave(second, seconds=SLOW)

    assert visitors.sent_away == [suspect]
    assert visitors.started == [first, second, waiting]
    assert slots.demand() == Demand(total=1, direct=1, suspect=True)
