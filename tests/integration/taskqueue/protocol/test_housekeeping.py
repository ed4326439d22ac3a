"""What the scripts do beside moving tasks: the archive's limits, statistics, sizes, flushing, order."""

from collections import Counter
from typing import Any

from internal.infrastructure.taskqueue.delivery.outcomes import DONE, RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.settlements import ArchiveBounds, Settlement
from internal.infrastructure.taskqueue.protocol import scripts
from tests.support.taskqueue.engine import PREFIX, Engine, Hand

HOUR = 3_600_000  # milliseconds
DAY = 24 * HOUR
STATS_KEPT = 90 * 24 * 3600  # seconds
ARCHIVED = Outcome(Kind.ARCHIVED, note=b"no")


def archive(hand: Hand, *ids: str, most: int = 10_000, longest: int = 90 * DAY) -> None:
    """Publish tasks and give them up, in a queue whose archive has these limits."""
    hand.engine.publish(*ids)
    settlements = [Settlement(delivery.lease, ARCHIVED) for delivery in hand.fetch(len(ids))]
    hand.call(hand.request(settlements)._replace(archive=ArchiveBounds(most, longest)))


def stats(engine: Engine, queue: str = "default") -> dict[str, int]:
    [key] = engine.client.scan_iter(f"{PREFIX}:{queue}:stats:*")
    counts: Any = engine.client.hgetall(key)
    assert 0 < int(engine.client.ttl(key)) <= STATS_KEPT
    return {name.decode(): int(count) for name, count in counts.items()}


def test_the_archive_keeps_exactly_its_maximum_when_many_arrive_at_once(engine: Engine, hand: Hand) -> None:
    ids = [f"{number:03}" for number in range(300)]

    archive(hand, *ids, most=50)

    assert Counter(engine.states().values()) == Counter(archived=50)
    assert list(engine.client.scan_iter(f"{PREFIX}:default:task:*")) != []
    for gone in ids[:50]:
        assert engine.record(gone) == {}


def test_the_archive_keeps_nothing_longer_than_its_time(engine: Engine, hand: Hand) -> None:
    archive(hand, "old", "young")
    engine.make_due("old", state="archived")

    hand.turn()

    assert engine.states() == {"young": "archived"}
    assert engine.record("old") == {}


def test_a_queue_archives_for_itself(engine: Engine, hand: Hand) -> None:
    engine.publish("low", queue="low")
    [delivery] = hand.fetch()
    hand.settle(delivery, ARCHIVED)

    archive(hand, "default", most=1)

    assert engine.states() == {"default": "archived", "low": "archived"}


def test_counts_what_was_processed_and_what_failed_by_day(engine: Engine, hand: Hand) -> None:
    outcomes = [DONE, Outcome(Kind.DONE, HOUR), Outcome(Kind.RETRY, HOUR), ARCHIVED]
    uncounted = [RELEASED, Outcome(Kind.SCHEDULED, HOUR)]
    engine.publish(*(str(number) for number in range(6)))

    for delivery, outcome in zip(hand.fetch(6), [*outcomes, *uncounted], strict=True):
        hand.settle(delivery, outcome)

    assert stats(engine) == {"processed": 2, "failed": 2}


def test_an_outcome_that_is_rejected_is_not_counted(engine: Engine, hand: Hand) -> None:
    engine.publish("a")
    [delivery] = hand.fetch()

    hand.settle(delivery)
    hand.settle(delivery)

    assert stats(engine) == {"processed": 1}


def test_the_size_of_a_queue_is_what_has_yet_to_be_done(engine: Engine, hand: Hand) -> None:
    engine.publish("active", "retry", "scheduled", "archived", "completed", "done", "suspect", "pending")
    outcomes = {
        "retry": Outcome(Kind.RETRY, HOUR),
        "scheduled": Outcome(Kind.SCHEDULED, HOUR),
        "archived": ARCHIVED,
        "completed": Outcome(Kind.DONE, HOUR),
        "done": DONE,
    }
    for delivery in hand.fetch(7):
        if delivery.task_id in outcomes:
            hand.settle(delivery, outcomes[delivery.task_id])
    engine.let_worker_die("suspect", times=2)
    hand.turn()

    size = engine.call(scripts.SIZE, ["default"])

    assert engine.states()["suspect"] == "suspects"
    assert size == len({"active", "retry", "scheduled", "suspect", "pending"})
    exist = engine.call(scripts.EXIST, [("default", task_id) for task_id in (*outcomes, "suspect")])
    assert exist == [1, 1, 1, 1, 0, 1]


def test_flushing_deletes_in_batches_all_but_what_is_running(engine: Engine, hand: Hand) -> None:
    engine.publish("active")
    hand.fetch()
    engine.publish(*(str(number) for number in range(1500)), deadline=HOUR)
    archive(hand, "archived")

    deleted = [engine.call(scripts.FLUSH, ["default"]) for _ in range(3)]

    assert deleted == [1000, 501, 0]
    assert engine.states() == {"active": "active"}
    assert list(engine.client.scan_iter(f"{PREFIX}:default:task:*")) == []


def test_a_completed_task_is_a_duplicate_until_it_is_purged(engine: Engine, hand: Hand) -> None:
    engine.publish("a")
    [delivery] = hand.fetch()
    hand.settle(delivery, Outcome(Kind.DONE, HOUR))

    kept = engine.publish("a")
    engine.make_due("a", state="completed")
    hand.turn()

    assert kept == [[b"completed", 1, b"a"]]
    assert engine.publish("a") == [[b"pending", 0]]


def test_a_suspect_is_a_duplicate_that_is_pending(engine: Engine, hand: Hand) -> None:
    engine.publish("a")
    hand.fetch()
    engine.let_worker_die("a", times=2)
    hand.turn()

    assert engine.publish("a") == [[b"pending", 1, b"a"]]


def test_one_call_stores_an_id_once(engine: Engine) -> None:
    assert engine.publish("a", "a", delay=HOUR) == [[b"scheduled", 0], [b"scheduled", 1, b"a"]]


def test_an_id_is_a_duplicate_only_in_its_queue(engine: Engine) -> None:
    engine.publish("a")

    assert engine.publish("a", queue="low") == [[b"pending", 0]]


def test_due_tasks_join_the_end_of_the_queue_in_the_order_of_their_time(engine: Engine, hand: Hand) -> None:
    engine.publish("waits")
    engine.publish("third", delay=3000)
    engine.publish("first", delay=1000)
    engine.publish("second", delay=2000)
    for place, task_id in enumerate(("first", "second", "third")):
        engine.client.zadd(f"{PREFIX}:default:scheduled", {task_id: place})

    hand.turn()

    assert engine.line() == ["waits", "first", "second", "third"]


def test_due_tasks_move_in_batches_and_the_next_batch_follows_at_once(engine: Engine, hand: Hand) -> None:
    engine.publish(*(str(number) for number in range(250)), delay=HOUR)
    for number in range(250):
        engine.make_due(str(number), state="scheduled")

    engine.call(scripts.PAUSE, ("default", 1))
    fetched = [hand.turn(total=1) for _ in range(3)]

    assert [turn.due_in for turn in fetched] == [0, 0, None]
    assert Counter(engine.states().values()) == Counter(pending=250)


def test_a_task_that_is_settled_with_a_message_stores_that_message(engine: Engine, hand: Hand) -> None:
    engine.publish("a")
    [delivery] = hand.fetch()
    changed = delivery.copy(options={"retries": 1}).encode()

    hand.settle(delivery, Outcome(Kind.RETRY, message=changed))

    [again] = hand.fetch()
    assert again.options == {"retries": 1}


def test_backlogged_queues_share_exactly_over_thousands(engine: Engine, hand: Hand) -> None:
    for queue in hand.weights:
        engine.publish(*(f"{queue}-{number}" for number in range(5000)), queue=queue)

    started: Counter[str] = Counter()
    while started.total() < 3000:
        fetched = hand.fetch(50)
        hand.turn([Settlement(delivery.lease, DONE) for delivery in fetched])
        started.update(delivery.queue for delivery in fetched)

    assert started == Counter(critical=1800, default=900, low=300)


def test_a_paused_queue_keeps_its_place_and_its_share_goes_to_the_others(engine: Engine, hand: Hand) -> None:
    for queue in hand.weights:
        engine.publish(*(f"{queue}-{number}" for number in range(20)), queue=queue)
    engine.call(scripts.PAUSE, ("critical", 1))

    paused = Counter(delivery.queue for delivery in hand.fetch(8))
    engine.call(scripts.PAUSE, ("critical", 0))

    assert paused == Counter(default=6, low=2)
    assert Counter(delivery.queue for delivery in hand.fetch(10)) == Counter(critical=6, default=3, low=1)


def test_strict_workers_take_what_is_left_of_a_paused_queue_from_the_next(engine: Engine) -> None:
    engine.publish("critical", queue="critical")
    engine.publish("low", queue="low")
    engine.call(scripts.PAUSE, ("critical", 1))

    assert [delivery.task_id for delivery in Hand(engine, strict=True).fetch(2)] == ["low"]
