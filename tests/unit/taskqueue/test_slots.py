"""How much a worker asks for."""

from datetime import timedelta

from dramatiq import Message

from internal.infrastructure.taskqueue.delivery import Delivery
from internal.infrastructure.taskqueue.exchange import Demand
from internal.infrastructure.taskqueue.slots import Slots
from internal.infrastructure.taskqueue.timing import Timing

QUICK = 0.001  # seconds
SLOW = 0.1


class Bench:
    def __init__(self, size: int) -> None:
        self.started: list[str] = []
        self.slots = Slots(
            size,
            timing=Timing(quick=timedelta(milliseconds=5)),
            start=lambda delivery: self.started.append(delivery.task_id),
        )

    def offer(self, task_id: str, *, suspect: bool = False) -> Delivery:
        message = Message[None]("default", "work", (), {}, {})
        delivery = Delivery(message, queue="default", task_id=task_id, token="t", suspect=suspect)
        self.slots.offer(delivery)
        return delivery

    def do(self, count: int, *, seconds: float) -> None:
        for number in range(count):
            self.slots.vacate(self.offer(f"done-{number}"), seconds=seconds)


def test_asks_for_as_many_as_have_a_slot() -> None:
    bench = Bench(3)
    bench.offer("a")

    assert bench.slots.demand() == Demand(total=2, direct=2, suspect=True)


def test_counts_what_is_promised_already() -> None:
    assert Bench(3).slots.demand(promised=2).total == 1


def test_asks_for_more_while_tasks_are_quick() -> None:
    bench = Bench(2)
    bench.do(2, seconds=QUICK)

    assert bench.slots.demand() == Demand(total=22, direct=2, suspect=True)


def test_asks_for_no_more_while_tasks_are_slow() -> None:
    bench = Bench(2)
    bench.do(100, seconds=QUICK)
    bench.do(100, seconds=SLOW)

    assert bench.slots.demand().total == 2


def test_runs_one_suspect_at_a_time() -> None:
    bench = Bench(3)
    suspect = bench.offer("a", suspect=True)
    while_running = bench.slots.demand().suspect

    bench.slots.vacate(suspect, seconds=SLOW)

    assert (while_running, bench.slots.demand().suspect) == (False, True)


def test_the_next_in_line_takes_a_free_slot() -> None:
    bench = Bench(1)
    first = bench.offer("a")
    bench.offer("b")
    bench.offer("c")

    bench.slots.vacate(first, seconds=QUICK)

    assert bench.started == ["a", "b"]


def test_what_waits_too_long_is_taken_out_in_its_order() -> None:
    bench = Bench(1)
    for task_id in ("a", "b", "c"):
        bench.offer(task_id)

    too_early = bench.slots.take_waiting(longer_than=60)
    stale = [delivery.task_id for delivery in bench.slots.take_waiting()]

    assert (too_early, stale) == ([], ["b", "c"])
    assert not bench.slots.has_waiting
