"""An equal task is a duplicate for as long as the lock of the first is held, and no longer."""

import time
from typing import Any

import pytest

from internal.infrastructure.taskqueue.delivery.outcomes import DONE, Kind, Outcome
from internal.infrastructure.taskqueue.protocol import scripts
from tests.support.taskqueue.engine import PREFIX, Engine, Hand

HOUR = 3_600_000
UNIQUE = {"lock": "digest", "lock_for": HOUR}
STORED: list[list[Any]] = [[b"pending", 0]]


def lock_of(engine: Engine) -> bytes | None:
    holder: Any = engine.client.get(f"{PREFIX}:default:unique:digest")
    return None if holder is None else bytes(holder)


def test_an_equal_task_is_a_duplicate_of_the_one_that_is_there(engine: Engine) -> None:
    first = engine.publish("a", terms=UNIQUE)

    second = engine.publish("b", terms=UNIQUE)

    assert first == STORED
    assert second == [[b"pending", 1, b"a"]]
    assert engine.states() == {"a": "pending"}


def test_also_within_one_batch(engine: Engine) -> None:
    stored = engine.publish("a", "b", "c", terms=UNIQUE)

    assert stored == [*STORED, [b"pending", 1, b"a"], [b"pending", 1, b"a"]]
    assert engine.states() == {"a": "pending"}


def test_a_queue_has_its_own_locks(engine: Engine) -> None:
    engine.publish("a", terms=UNIQUE)

    assert engine.publish("b", queue="low", terms=UNIQUE) == STORED


def test_an_id_that_is_taken_leaves_no_lock_behind(engine: Engine) -> None:
    engine.publish("a")

    engine.publish("a", terms=UNIQUE)

    assert lock_of(engine) is None


@pytest.mark.parametrize("outcome", [DONE, Outcome(Kind.DONE, HOUR), Outcome(Kind.ARCHIVED)])
def test_the_end_of_the_task_releases_its_lock(engine: Engine, hand: Hand, outcome: Outcome) -> None:
    engine.publish("a", terms=UNIQUE)
    [delivery] = hand.fetch()
    hand.settle(delivery, outcome)

    assert engine.publish("b", terms=UNIQUE) == STORED


@pytest.mark.parametrize("kind", [Kind.RETRY, Kind.SCHEDULED, Kind.RELEASED])
def test_a_task_that_runs_again_keeps_its_lock(engine: Engine, hand: Hand, kind: Kind) -> None:
    engine.publish("a", terms=UNIQUE)
    [delivery] = hand.fetch()
    hand.settle(delivery, Outcome(kind, HOUR))

    [[_, was_there, holder]] = engine.publish("b", terms=UNIQUE)

    assert (was_there, holder) == (1, b"a")


def test_a_flushed_queue_has_no_locks(engine: Engine) -> None:
    engine.publish("a", terms=UNIQUE)
    engine.call(scripts.FLUSH, ["default"])

    assert lock_of(engine) is None


def test_a_lock_lasts_no_longer_than_it_was_asked_for(engine: Engine, hand: Hand) -> None:
    engine.publish("a", terms={**UNIQUE, "lock_for": 30})
    time.sleep(0.05)
    again = engine.publish("b", terms=UNIQUE)
    [first] = hand.fetch()
    hand.settle(first)

    assert again == STORED
    assert lock_of(engine) == b"b"  # the end of the first releases only what it still holds


def test_the_time_of_a_delayed_task_begins_when_it_is_due(engine: Engine) -> None:
    engine.publish("a", delay=HOUR, terms=UNIQUE)

    left: Any = engine.client.pttl(f"{PREFIX}:default:unique:digest")

    assert HOUR < left <= 2 * HOUR


def test_a_lock_whose_task_is_gone_is_free(engine: Engine) -> None:
    engine.client.set(f"{PREFIX}:default:unique:digest", "gone")

    assert engine.publish("b", terms=UNIQUE) == STORED
