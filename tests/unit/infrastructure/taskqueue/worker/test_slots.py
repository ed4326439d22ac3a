from datetime import timedelta

import pytest

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.settlements import Demand
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.worker.slots import AHEAD, MEASURED, Slots
from tests.support.taskqueue.attempts import delivery

QUICK, SLOW = 0.001, 0.1  # seconds


@pytest.fixture
def started() -> list[Delivery]:
    return []


@pytest.fixture
def slots(started: list[Delivery]) -> Slots:
    return Slots(2, timing=Timing(quick=timedelta(milliseconds=5)), start=started.append)


def run(slots: Slots, *, times: int, seconds: float) -> None:
    for _ in range(times):
        done = delivery()
        slots.offer(done)
        slots.vacate(done, seconds=seconds)


def test_wants_a_task_for_each_free_slot(slots: Slots) -> None:
    before = slots.demand()
    slots.offer(delivery())

    assert before == Demand(total=2, direct=2, suspect=True)
    assert slots.demand() == Demand(total=1, direct=1, suspect=True)


def test_wants_none_for_a_slot_that_is_promised(slots: Slots) -> None:
    assert slots.demand(promised=1) == Demand(total=1, direct=1, suspect=True)
    assert slots.demand(promised=3) == Demand(total=0, direct=0, suspect=False)


def test_starts_what_it_is_offered_until_it_is_full(slots: Slots, started: list[Delivery]) -> None:
    tasks = [delivery() for _ in range(3)]

    for task in tasks:
        slots.offer(task)

    assert started == tasks[:2]
    assert set(slots.running) == set(tasks[:2])
    assert slots.has_waiting


def test_a_free_slot_goes_to_the_next_in_line(slots: Slots, started: list[Delivery]) -> None:
    tasks = [delivery() for _ in range(4)]
    for task in tasks:
        slots.offer(task)

    slots.vacate(tasks[1], seconds=SLOW)

    assert started == tasks[:3]


def test_fetches_ahead_only_once_it_knows_that_tasks_are_quick(slots: Slots) -> None:
    totals = []
    for _ in range(3):
        totals.append(slots.demand().total)
        run(slots, times=1, seconds=QUICK)

    assert totals == [2, 2, 2 + AHEAD * 2]


def test_a_task_that_is_fetched_ahead_does_not_count_as_a_free_slot(slots: Slots) -> None:
    run(slots, times=MEASURED, seconds=QUICK)
    for _ in range(3):
        slots.offer(delivery())

    assert slots.demand() == Demand(total=2 + AHEAD * 2 - 3, direct=0, suspect=False)


def test_fetches_nothing_ahead_once_tasks_are_slow(slots: Slots) -> None:
    run(slots, times=MEASURED, seconds=QUICK)

    run(slots, times=10, seconds=SLOW)

    assert slots.demand().total == 2


def test_only_the_last_tasks_say_how_quick_they_are(slots: Slots) -> None:
    run(slots, times=10, seconds=SLOW)

    run(slots, times=MEASURED, seconds=QUICK)

    assert slots.demand().total == 2 + AHEAD * 2


def test_waiting_tasks_are_taken_out_in_order(slots: Slots) -> None:
    tasks = [delivery() for _ in range(5)]
    for task in tasks:
        slots.offer(task)

    assert slots.take_waiting() == tasks[2:]
    assert not slots.has_waiting


def test_only_what_has_waited_too_long_is_taken_out(slots: Slots) -> None:
    tasks = [delivery() for _ in range(4)]
    for task in tasks:
        slots.offer(task)
    tasks[2].fetched_at -= 1

    assert slots.take_waiting(longer_than=0.5) == [tasks[2]]
    assert slots.has_waiting


def test_fetches_nothing_ahead_after_something_had_to_go_back_until_a_slot_is_free(slots: Slots) -> None:
    run(slots, times=MEASURED, seconds=QUICK)
    stuck = [delivery(), delivery()]
    for task in [*stuck, delivery()]:
        slots.offer(task)
    slots.take_waiting()

    while_stuck = slots.demand()
    slots.vacate(stuck[0], seconds=QUICK)

    assert while_stuck == Demand(total=0, direct=0, suspect=False)
    assert slots.demand().total == 1 + AHEAD * 2


def test_wants_one_suspect_at_a_time(slots: Slots) -> None:
    suspect = delivery(suspect=True)
    slots.offer(suspect)

    meanwhile = slots.demand()
    slots.vacate(suspect, seconds=SLOW)

    assert meanwhile == Demand(total=1, direct=1, suspect=False)
    assert slots.demand().suspect


def test_wants_another_suspect_when_one_went_back_unstarted(slots: Slots) -> None:
    running = [delivery(), delivery()]
    for task in [*running, delivery(suspect=True)]:
        slots.offer(task)

    slots.take_waiting()
    slots.vacate(running[0], seconds=SLOW)

    assert slots.demand().suspect


def test_one_that_is_withdrawn_waits_no_longer(slots: Slots, started: list[Delivery]) -> None:
    first, second, waiting, suspect = delivery(), delivery(), delivery(), delivery(suspect=True)
    for task in (first, second, waiting, suspect):
        slots.offer(task)

    withdrawn = [slots.withdraw(task) for task in (suspect, suspect, first)]
    slots.vacate(first, seconds=SLOW)
    slots.vacate(second, seconds=SLOW)

    assert withdrawn == [True, False, False]
    assert started == [first, second, waiting]
    assert slots.demand() == Demand(total=1, direct=1, suspect=True)
