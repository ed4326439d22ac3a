"""How many tasks run at once, and start in a window: what is above a limit waits, and is in nobody's way."""

import time
from datetime import timedelta
from typing import Any

import pytest

from internal.infrastructure.taskqueue.delivery.outcomes import DONE, Kind, Outcome
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.worker.queue_shares import QueueLimit
from internal.ports.tasks import Rate
from tests.support.taskqueue.engine import PREFIX, Engine, Hand

WINDOW = 60  # milliseconds
HOUR = 3_600_000
TWO_AT_ONCE = {"limit": "digest", "max_running": 2}
TWO_IN_A_WINDOW = {"limit": "digest", "rate": 2, "per": WINDOW}
TWO_AN_HOUR = {**TWO_IN_A_WINDOW, "per": HOUR}


def ids_of(hand: Hand, total: int = 10) -> list[str]:
    return [delivery.task_id for delivery in hand.fetch(total)]


def test_no_more_run_at_once_than_may(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b", "c", "d", terms=TWO_AT_ONCE)

    assert ids_of(hand) == ["a", "b"]
    assert engine.states() == {"a": "active", "b": "active", "c": "scheduled", "d": "scheduled"}


def test_others_get_past_those_that_wait(engine: Engine, hand: Hand) -> None:
    engine.publish(*(f"limited-{n}" for n in range(5)), terms=TWO_AT_ONCE)
    engine.publish("free")

    assert ids_of(hand, 3) == ["limited-0", "limited-1", "free"]


@pytest.mark.parametrize("outcome", [DONE, Outcome(Kind.RETRY, HOUR), Outcome(Kind.ARCHIVED)])
def test_a_place_that_is_free_is_handed_on_in_turn(engine: Engine, hand: Hand, outcome: Outcome) -> None:
    engine.publish("a", "b", "c", "d", terms=TWO_AT_ONCE)
    first, _ = hand.fetch(10)
    hand.settle(first, outcome)

    assert ids_of(hand) == ["c"]


def test_a_worker_that_dies_gives_its_places_back(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b", "c", terms=TWO_AT_ONCE)
    hand.fetch(10)
    engine.let_worker_die("a", "b")

    assert ids_of(Hand(engine)) == ["a", "b"]


def test_a_place_that_no_suspect_can_take_goes_to_another_task(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b", "c", terms=TWO_AT_ONCE)
    hand.fetch(10)
    engine.let_worker_die("a", "b", times=2)

    assert ids_of(Hand(engine)) == ["a", "c"]  # of the suspects one at a time


def test_the_limit_is_for_all_queues_and_workers(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b", terms=TWO_AT_ONCE)
    engine.publish("c", queue="low", terms=TWO_AT_ONCE)
    hand.fetch(10)

    assert ids_of(Hand(engine)) == []
    assert engine.states()["c"] == "scheduled"


def test_no_attempt_is_counted_for_waiting(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b", "c", terms=TWO_AT_ONCE)
    first, _ = hand.fetch(10)
    hand.settle(first)
    [third] = hand.fetch(10)

    assert (third.task_id, third.options, third.crashes) == ("c", {}, 0)


def test_no_more_start_in_a_window_than_may(engine: Engine, hand: Hand) -> None:
    ids = [str(n) for n in range(7)]
    engine.publish(*ids, terms=TWO_IN_A_WINDOW)
    starts: list[tuple[float, float, str]] = []
    give_up = time.monotonic() + 10
    while len(starts) < len(ids) and time.monotonic() < give_up:
        asked = time.monotonic()
        starts += [(asked, time.monotonic(), task_id) for task_id in ids_of(hand)]

    assert [task_id for _, _, task_id in starts] == ids
    # Redis starts a task at some time between the question and the answer.
    for (earlier, _, _), (_, later, _) in zip(starts, starts[2:], strict=False):
        assert later - earlier > (WINDOW - 5) / 1000  # the clocks tick apart


def test_tasks_over_a_rate_start_one_window_after_another(engine: Engine, hand: Hand) -> None:
    engine.publish(*(str(n) for n in range(8)), terms=TWO_AN_HOUR)
    hand.fetch(10)

    due: Any = engine.client.zrange(f"{PREFIX}:default:scheduled", 0, -1, withscores=True)
    windows = [round((score - due[0][1]) / HOUR) for _, score in due]

    assert windows == [0, 0, 1, 1, 2, 2]


def test_who_comes_later_does_not_overtake_who_waits(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b", "c", "d", terms=TWO_IN_A_WINDOW)
    assert ids_of(hand) == ["a", "b"]
    time.sleep(WINDOW / 1000 + 0.01)
    engine.publish("late", terms=TWO_IN_A_WINDOW)

    assert ids_of(hand) == ["c", "d"]


def test_a_deleted_task_gives_up_its_turn(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b", "c", "d", terms=TWO_AN_HOUR)
    hand.fetch(10)
    engine.call(scripts.FLUSH, ["default"])

    assert list(engine.client.scan_iter(f"{PREFIX}:limit:digest:waiting*")) == []


def test_a_queue_can_have_a_limit_of_its_own(engine: Engine) -> None:
    hand = Hand(engine, limits={"default": QueueLimit(max_running=2)})
    engine.publish("a", "b", "c")
    engine.publish("other", queue="low")

    first = hand.fetch(10)
    assert sorted(delivery.task_id for delivery in first) == ["a", "b", "other"]
    assert ids_of(hand) == []
    assert engine.states()["c"] == "pending"  # it keeps its place

    hand.settle(first[0])
    assert ids_of(hand) == ["c"]


def test_a_queue_can_have_a_rate_and_its_workers_know_when_to_come_back(engine: Engine) -> None:
    hand = Hand(engine, limits={"default": QueueLimit(rate=Rate(2, timedelta(milliseconds=WINDOW)))})
    engine.publish("a", "b", "c")
    assert ids_of(hand) == ["a", "b"]

    due_in = hand.turn(total=10).due_in
    assert due_in is not None
    assert 0 < due_in <= WINDOW / 1000
    time.sleep(due_in)

    assert ids_of(hand) == ["c"]


def test_a_long_line_at_its_limit_is_passed_in_bounded_calls(engine: Engine, hand: Hand) -> None:
    engine.publish(*(str(n) for n in range(1200)), terms=TWO_AT_ONCE)
    engine.publish("free")
    hand.fetch(2)

    turns = [hand.turn(total=1) for _ in range(3)]

    assert [len(turn.deliveries) for turn in turns] == [0, 0, 1]
    assert [turn.due_in for turn in turns[:2]] == [0, 0]  # there is more to look at, at once
