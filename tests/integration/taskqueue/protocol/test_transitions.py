"""Every way of a task from one state to another, as the scripts move it."""

from collections import Counter

import pytest

from internal.infrastructure.taskqueue.delivery.outcomes import DONE, RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.settlements import ArchiveBounds, Demand, Settlement
from internal.infrastructure.taskqueue.protocol import scripts
from tests.support.taskqueue.engine import PREFIX, Engine, Hand

HOUR = 3_600_000  # milliseconds


def test_a_published_task_is_pending_and_one_token_waits_for_it(engine: Engine) -> None:
    stored = engine.publish("a", "b")

    assert stored == [[b"pending", 0], [b"pending", 0]]
    assert engine.states() == {"a": "pending", "b": "pending"}
    assert engine.tokens() == 1


@pytest.mark.parametrize("kind", [Kind.RETRY, Kind.SCHEDULED, Kind.ARCHIVED, Kind.RELEASED])
def test_an_id_that_is_there_in_any_state_is_a_duplicate(engine: Engine, hand: Hand, kind: Kind) -> None:
    engine.publish("a")
    [delivery] = hand.fetch()
    while_active = engine.publish("a")
    hand.settle(delivery, Outcome(kind, HOUR))

    afterwards = engine.publish("a")

    assert while_active == [[b"active", 1, b"a"]]
    assert afterwards == [[engine.states()["a"].encode(), 1, b"a"]]


def test_a_task_that_is_done_leaves_nothing_behind(engine: Engine, hand: Hand) -> None:
    engine.publish("a", deadline=HOUR)
    [delivery] = hand.fetch()

    rejected = hand.settle(delivery)

    assert rejected == set()
    assert engine.states() == {}
    assert engine.record("a") == {}
    assert engine.publish("a") == [[b"pending", 0]]


def test_a_retained_task_is_completed_with_its_result_until_its_time(engine: Engine, hand: Hand) -> None:
    engine.publish("a")
    [delivery] = hand.fetch()

    hand.settle(delivery, Outcome(Kind.DONE, HOUR, note=b'"result"'))
    kept = engine.states(), engine.record("a")[b"result"]
    engine.make_due("a", state="completed")
    hand.turn()

    assert kept == ({"a": "completed"}, b'"result"')
    assert engine.states() == {}


@pytest.mark.parametrize("kind", [Kind.RETRY, Kind.SCHEDULED])
def test_a_scheduled_task_is_pending_when_its_time_has_come(engine: Engine, hand: Hand, kind: Kind) -> None:
    engine.publish("a")
    [delivery] = hand.fetch()

    hand.settle(delivery, Outcome(kind, HOUR))
    waiting = engine.states(), hand.fetch()
    engine.make_due("a", state=kind)

    assert waiting == ({"a": kind.value}, [])
    assert [again.task_id for again in hand.fetch()] == ["a"]


def test_a_failed_attempt_is_written_down(engine: Engine, hand: Hand) -> None:
    engine.publish("a")
    [delivery] = hand.fetch()

    hand.settle(delivery, Outcome(Kind.RETRY, HOUR, note=b"no"))

    notes = [note for name, note in engine.record("a").items() if name.startswith(b"attempt:")]
    assert notes == [b"no"]


def test_the_archive_keeps_the_newest_tasks(engine: Engine, hand: Hand) -> None:
    ids = [f"{number:03}" for number in range(12)]
    engine.publish(*ids)
    for delivery in hand.fetch(12):
        settlement = Settlement(delivery.lease, Outcome(Kind.ARCHIVED))
        hand.call(hand.request([settlement])._replace(archive=ArchiveBounds(10, HOUR)))

    assert engine.states() == dict.fromkeys(ids[2:], "archived")


def test_released_tasks_go_back_to_the_front_in_their_order(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b", "c", "d")
    deliveries = hand.fetch(3)

    for delivery in reversed(deliveries):
        hand.settle(delivery, RELEASED)

    assert engine.line() == ["a", "b", "c", "d"]


def test_an_outcome_counts_once(engine: Engine, hand: Hand) -> None:
    engine.publish("a")
    [delivery] = hand.fetch()

    first = hand.settle(delivery, Outcome(Kind.RETRY, HOUR))
    second = hand.settle(delivery)

    assert (first, second) == (set(), {"a"})
    assert engine.states() == {"a": "retry"}


def test_a_late_outcome_counts_while_nobody_else_has_the_task(engine: Engine, hand: Hand) -> None:
    engine.publish("a")
    [delivery] = hand.fetch()
    engine.make_due("a", state="active")

    rejected = hand.settle(delivery)

    assert rejected == set()
    assert engine.states() == {}


def test_what_one_dead_worker_ran_comes_back_to_the_front_like_any_task(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b", "c")
    lost = hand.fetch(2)
    engine.let_worker_die("a", "b")

    back = Hand(engine).fetch(10)

    found = [(delivery.task_id, delivery.crashes, delivery.suspect) for delivery in back]
    assert found == [("a", 1, False), ("b", 1, False), ("c", 0, False)]
    assert hand.settle(lost[0]) == {lost[0].task_id}  # fenced off: another has it


def test_what_two_dead_workers_ran_comes_back_as_a_suspect_to_one_slot(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b")
    lost = hand.fetch(2)
    engine.let_worker_die("a", "b", times=2)
    other = Hand(engine)

    back = other.fetch(10)

    assert [(delivery.crashes, delivery.suspect) for delivery in back] == [(2, True)]
    assert Counter(engine.states().values()) == Counter(active=1, suspects=1)
    assert hand.settle(lost[0]) == {lost[0].task_id}  # fenced off: another has it, or will


@pytest.mark.parametrize("outcome", [RELEASED, Outcome(Kind.RETRY, HOUR), Outcome(Kind.SCHEDULED, HOUR)])
def test_a_suspect_stays_one_wherever_it_has_been(engine: Engine, hand: Hand, outcome: Outcome) -> None:
    engine.publish("a")
    hand.fetch()
    engine.let_worker_die("a", times=2)
    [suspect] = hand.fetch()

    hand.settle(suspect, outcome)
    if outcome is not RELEASED:
        engine.make_due("a", state=outcome.kind)
    hand.turn()

    assert engine.states() == {"a": "suspects"}
    assert [again.suspect for again in hand.fetch()] == [True]


def test_what_a_dead_worker_had_only_fetched_ahead_comes_back_uncounted(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b")
    hand.fetch(2, direct=1)
    engine.make_due("b", state="active")

    [again] = Hand(engine).fetch()

    assert (again.task_id, again.crashes, again.suspect) == ("b", 0, False)


def test_nothing_lapses_when_nobody_was_heard(engine: Engine, hand: Hand) -> None:
    engine.publish("a")
    hand.fetch()
    engine.make_due("a", state="active")
    engine.client.set(f"{PREFIX}:seen", 1)  # Redis was away since

    fetched = Hand(engine).fetch()

    assert fetched == []
    assert engine.states() == {"a": "active"}
    assert engine.client.zcount(f"{PREFIX}:default:active", 2, "+inf") == 1


def test_a_reply_that_was_lost_is_taken_back_uncounted(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b")
    [known] = hand.fetch()
    hand.fetch()  # and the reply never arrives

    lost = hand.extend(known, reconcile=True)

    assert lost == []
    assert engine.states() == {known.task_id: "active", "b": "pending"}
    assert engine.record("b") == {}


def test_a_lost_task_that_left_again_in_a_lost_reply_is_taken_back(engine: Engine, hand: Hand) -> None:
    engine.publish("a")
    [lost] = hand.fetch()
    engine.make_due("a", state="active")
    hand.fetch()  # the same task with another token, and the reply never arrives

    lost_ids = hand.extend(lost, reconcile=True)

    assert lost_ids == ["a"]
    assert engine.states() == {"a": "pending"}
    assert engine.record("a")[b"crashes"] == b"1"  # a worker seemed to have died of it


@pytest.mark.parametrize("direct", [0, 1])
def test_a_named_message_stays_whether_it_runs_or_waits(engine: Engine, hand: Hand, direct: int) -> None:
    engine.publish("a")
    [held] = hand.fetch(1, direct=direct)

    lost = hand.extend(held, reconcile=True)

    assert lost == []
    assert engine.states() == {"a": "active"}


def test_a_call_that_comes_late_takes_nothing(engine: Engine, hand: Hand) -> None:
    engine.publish("a")
    late = hand.request(demand=Demand(total=1, direct=1, suspect=False))
    hand.extend(reconcile=True)

    fetched = hand.call(late)

    assert fetched.tasks == 0
    assert engine.states() == {"a": "pending"}


def test_extending_says_what_is_no_longer_held(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b")
    first, second = hand.fetch(2)
    hand.settle(first)

    assert hand.extend(first, second) == ["a"]


def test_a_paused_queue_hands_out_nothing_and_wakes_someone_when_it_resumes(
    engine: Engine, hand: Hand
) -> None:
    engine.publish("a")
    engine.client.delete(f"{PREFIX}:default:wake")
    engine.call(scripts.PAUSE, ("default", 1))

    paused = hand.fetch(), engine.tokens()
    engine.call(scripts.PAUSE, ("default", 0))

    assert paused == ([], 0)
    assert engine.tokens() == 1
    assert len(hand.fetch()) == 1


def test_who_leaves_work_behind_wakes_another(engine: Engine, hand: Hand) -> None:
    engine.publish("a", "b")
    engine.client.delete(f"{PREFIX}:default:wake")

    hand.fetch(1)
    with_more = engine.tokens()
    engine.client.delete(f"{PREFIX}:default:wake")
    hand.fetch(1)

    assert (with_more, engine.tokens()) == (1, 0)


def test_an_earlier_due_time_wakes_who_sleeps_until_a_later_one(engine: Engine) -> None:
    engine.publish("late", delay=2 * HOUR)
    engine.client.delete(f"{PREFIX}:default:wake")

    engine.publish("later", delay=3 * HOUR)
    for_later = engine.tokens()
    engine.publish("earlier", delay=HOUR)

    assert (for_later, engine.tokens()) == (0, 1)


def test_tells_when_something_will_be_due(engine: Engine, hand: Hand) -> None:
    engine.publish("a", delay=5000)

    due_in = hand.turn(total=1).due_in

    assert due_in is not None
    assert 4 < due_in <= 5


@pytest.mark.parametrize("batch", [1, 7, 110])
def test_backlogged_queues_share_by_their_weights(engine: Engine, hand: Hand, batch: int) -> None:
    for queue in hand.weights:
        engine.publish(*(f"{queue}-{number}" for number in range(300)), queue=queue)

    started: list[str] = []
    while len(started) < 300:
        for delivery in hand.fetch(batch):
            started.append(delivery.queue)
            hand.settle(delivery)

    assert Counter(started[:300]) == {"critical": 180, "default": 90, "low": 30}


def test_the_share_of_an_empty_queue_goes_to_the_others(engine: Engine, hand: Hand) -> None:
    for queue in ("critical", "low"):
        engine.publish(*(f"{queue}-{number}" for number in range(100)), queue=queue)

    assert Counter(delivery.queue for delivery in hand.fetch(70)) == {"critical": 60, "low": 10}


def test_in_strict_mode_a_queue_waits_for_all_heavier_ones(engine: Engine) -> None:
    for queue in ("low", "default", "critical"):
        engine.publish(*(f"{queue}-{number}" for number in range(3)), queue=queue)
    hand = Hand(engine, strict=True)

    fetched = [delivery.queue for delivery in hand.fetch(9)]

    assert fetched == ["critical"] * 3 + ["default"] * 3 + ["low"] * 3


def test_a_deadline_travels_as_what_is_left_of_it(engine: Engine, hand: Hand) -> None:
    engine.publish("soon", deadline=HOUR)
    engine.publish("over", deadline=0)

    soon, over = hand.fetch(2)

    assert soon.deadline is not None
    assert not soon.is_overdue
    assert over.is_overdue


@pytest.mark.parametrize("data", ["no json", "[]", '{"queue_name": "default"}'])
def test_an_unreadable_message_blocks_no_other(engine: Engine, hand: Hand, data: str) -> None:
    engine.publish("a")
    engine.call(scripts.PUBLISH, [("default", "broken", data, 0, -1, {})])
    engine.publish("b")

    fetched = hand.turn(total=3)
    hand.turn(fetched.unreadable)

    assert [delivery.task_id for delivery in fetched.deliveries] == ["a", "b"]
    assert engine.client.zrange(f"{PREFIX}:default:archived", 0, -1) == [b"broken"]
    assert engine.client.hget(f"{PREFIX}:default:messages", "broken") == data.encode()


def test_outcomes_of_two_queues_are_told_apart_though_their_tasks_have_one_id(
    engine: Engine, hand: Hand
) -> None:
    engine.publish("twin", queue="default")
    engine.publish("twin", queue="low")
    deliveries = hand.fetch(2)
    settlements = [Settlement(delivery.lease, DONE) for delivery in deliveries]
    hand.settle(deliveries[0])

    assert hand.turn(settlements).rejected == {0}
