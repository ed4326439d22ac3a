from datetime import timedelta

import pytest
from dramatiq import Message

from internal.infrastructure.taskqueue.admission import refusal
from internal.infrastructure.taskqueue.outcomes import Kind
from internal.infrastructure.taskqueue.timing import MAX_CRASHES
from tests.unit.taskqueue.attempts import declare, delivery, offline_broker

EVERY = 30_000  # milliseconds


def test_a_known_task_may_start() -> None:
    broker = offline_broker()
    declare(broker)

    assert refusal(delivery(), broker) is None


def test_a_suspect_may_start_until_its_workers_have_died_too_often() -> None:
    broker = offline_broker()
    declare(broker)
    attempt = delivery(suspect=True)

    attempt.crashes = MAX_CRASHES - 1
    may_start = refusal(attempt, broker)
    attempt.crashes = MAX_CRASHES
    poison = refusal(attempt, broker)

    assert may_start is None
    assert poison is not None
    assert (poison.kind, attempt.failed) == (Kind.ARCHIVED, True)
    assert b"died 3 times" in poison.note


def test_an_overdue_task_is_archived() -> None:
    broker = offline_broker()
    declare(broker)
    attempt = delivery()
    attempt.deadline = 0

    overdue = refusal(attempt, broker)

    assert overdue is not None
    assert overdue.kind is Kind.ARCHIVED
    assert b"deadline" in overdue.note


@pytest.mark.parametrize(("times", "kind"), [(0, Kind.SCHEDULED), (19, Kind.SCHEDULED), (20, Kind.ARCHIVED)])
def test_an_unknown_task_is_offered_again_for_ten_minutes(times: int, kind: Kind) -> None:
    unknown = refusal(delivery(unknown=times), offline_broker())

    assert unknown is not None
    assert unknown.kind is kind
    if kind is Kind.SCHEDULED:
        assert unknown.number == EVERY
        assert Message.decode(unknown.message).options == {"unknown": times + 1}
    assert timedelta(milliseconds=EVERY * 20) == timedelta(minutes=10)
