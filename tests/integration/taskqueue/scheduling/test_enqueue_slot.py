"""The promises of the schedule scripts, for any caller and in any order."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import redis

from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.redis_time import to_moment, to_ms
from internal.infrastructure.taskqueue.scheduling.scheduler import task_id
from tests.support.full_redis import full
from tests.support.taskqueue.engine import NO_DEADLINE, PREFIX, Engine, engine_on

MINUTE = 60_000  # milliseconds
DAY = 24 * 60 * MINUTE
NOON = to_ms(datetime(2026, 1, 1, 12, tzinfo=UTC))
ENTRY = f"{PREFIX}:schedule:tick"
LONG_AGO = "1"


@pytest.fixture
def engine(redis_url: str) -> Iterator[Engine]:
    with engine_on(redis_url) as engine:
        yield engine


def row(slot: int, name: str = "tick") -> tuple[str, int, Any]:
    task = task_id(name, to_moment(slot))
    return (name, slot, ("default", task, scripts.text(b"{}"), 0, NO_DEADLINE, {}))


def enqueue(engine: Engine, *slots: int) -> tuple[list[int], list[bool]]:
    """The base after each slot, and whether a task was stored for it."""
    _, _, results = engine.call(scripts.ENQUEUE_SLOT, ((), [row(slot) for slot in slots]))
    return [base for base, *_ in results], [bool(stored) for _, stored, *_ in results]


def announce(engine: Engine, *, spec: str = "* * * * *", zone: str = "UTC") -> tuple[int, int]:
    """Redis' time, and the base of the entry."""
    now, [base] = engine.call(
        scripts.ANNOUNCE_SCHEDULE, (5 * MINUTE, 100, 0, [("tick", spec, zone, "test:tick", "default")])
    )
    return now, base


def give_up(engine: Engine, slot: int, before: int) -> bool:
    _, [given_up], _ = engine.call(scripts.ENQUEUE_SLOT, ([("tick", slot, before)], ()))
    return bool(given_up)


def history(engine: Engine) -> list[int]:
    runs: Any = engine.client.lrange(f"{ENTRY}:history", 0, -1)
    return [int(run.split()[0]) for run in runs]


def test_a_slot_is_stored_once_for_any_number_of_workers(engine: Engine) -> None:
    first = enqueue(engine, NOON)
    second = enqueue(engine, NOON)

    assert (first, second) == (([NOON], [True]), ([NOON], [False]))
    assert engine.line() == ["tick:2026-01-01T12:00:00Z"]
    assert history(engine) == [NOON]
    assert engine.tokens() == 1


def test_a_slot_is_not_stored_again_when_its_task_is_gone(engine: Engine) -> None:
    enqueue(engine, NOON)
    engine.call(scripts.FLUSH, ["default"])

    assert enqueue(engine, NOON) == ([NOON], [False])
    assert engine.line() == []


def test_a_slot_before_the_last_one_is_not_stored(engine: Engine) -> None:
    enqueue(engine, NOON)

    assert enqueue(engine, NOON - MINUTE, NOON + MINUTE) == ([NOON, NOON + MINUTE], [False, True])
    assert history(engine) == [NOON + MINUTE, NOON]


def test_a_slot_that_has_not_come_by_redis_clock_is_not_stored(engine: Engine) -> None:
    now, base = announce(engine)

    assert enqueue(engine, now + DAY) == ([base], [False])
    assert engine.line() == []


def test_a_task_that_is_there_under_this_id_counts_as_no_run(engine: Engine) -> None:
    engine.publish("tick:2026-01-01T12:00:00Z")

    assert enqueue(engine, NOON) == ([NOON], [False])
    assert history(engine) == []


def test_a_full_redis_has_neither_the_task_nor_the_slot(engine: Engine, redis_url: str) -> None:
    with full(redis_url), pytest.raises(redis.exceptions.OutOfMemoryError):
        enqueue(engine, NOON)

    assert engine.client.exists(ENTRY) == 0
    assert enqueue(engine, NOON) == ([NOON], [True])


def test_a_new_entry_begins_when_it_is_first_seen(engine: Engine) -> None:
    first_seen, base = announce(engine)

    _, again = announce(engine)

    assert base == again == first_seen
    assert enqueue(engine, base - MINUTE)[1] == [False]


def test_an_entry_goes_on_after_its_last_slot(engine: Engine) -> None:
    enqueue(engine, NOON)
    engine.client.hset(ENTRY, mapping={"spec": "* * * * *", "time_zone": "UTC"})

    assert announce(engine)[1] == NOON


@pytest.mark.parametrize("changed", [{"spec": "0 * * * *"}, {"zone": "Asia/Tokyo"}])
def test_an_entry_with_changed_slots_starts_again(engine: Engine, changed: dict[str, str]) -> None:
    announce(engine)
    engine.client.hset(ENTRY, "since", LONG_AGO)

    now, base = announce(engine, **changed)

    assert base == now


def test_slots_that_are_too_old_are_given_up_by_one_alone(engine: Engine) -> None:
    enqueue(engine, NOON)

    given_up = [give_up(engine, NOON + MINUTE, NOON + 3 * MINUTE) for _ in range(2)]

    assert given_up == [True, False]
    assert enqueue(engine, NOON + 2 * MINUTE, NOON + 4 * MINUTE)[1] == [False, True]


def test_who_was_frozen_gives_up_nothing_that_others_have_done(engine: Engine) -> None:
    enqueue(engine, NOON, NOON + MINUTE)

    assert give_up(engine, NOON + MINUTE, NOON + 3 * MINUTE) is False
    assert enqueue(engine, NOON + 2 * MINUTE)[1] == [True]


def test_the_history_keeps_the_last_thousand(engine: Engine) -> None:
    slots = [NOON + number * MINUTE for number in range(1005)]

    for first in range(0, len(slots), 300):
        enqueue(engine, *slots[first : first + 300])

    assert history(engine) == list(reversed(slots))[:1000]


def test_the_state_of_an_entry_lasts_while_it_is_announced(engine: Engine) -> None:
    enqueue(engine, NOON)

    announce(engine)

    assert 0 < int(engine.client.ttl(ENTRY)) <= 100
    assert 0 < int(engine.client.ttl(f"{ENTRY}:history")) <= 100
