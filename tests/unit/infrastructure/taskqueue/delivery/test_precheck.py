from datetime import timedelta
from typing import Any

import pytest
from dramatiq import Message

from internal.infrastructure.taskqueue.delivery.attempt import Cancelled
from internal.infrastructure.taskqueue.delivery.outcomes import Kind
from internal.infrastructure.taskqueue.delivery.precheck import precheck
from internal.infrastructure.taskqueue.protocol import message_options
from internal.infrastructure.taskqueue.protocol.attempt_note import decode_note
from internal.infrastructure.taskqueue.protocol.timing import MAX_CRASHES, Timing
from tests.support.taskqueue.attempts import declare, delivery, offline_broker

EVERY = 30_000  # milliseconds


def test_a_known_task_may_start() -> None:
    broker = offline_broker()
    declare(broker)

    assert precheck(delivery(), actors=broker.actors, timing=broker.timing) is None


def test_a_suspect_may_start_until_its_workers_have_died_too_often() -> None:
    broker = offline_broker()
    declare(broker)
    attempt = delivery(suspect=True)

    attempt.crashes = MAX_CRASHES - 1
    may_start = precheck(attempt, actors=broker.actors, timing=broker.timing)
    attempt.crashes = MAX_CRASHES
    poison = precheck(attempt, actors=broker.actors, timing=broker.timing)

    assert may_start is None
    assert poison is not None
    assert (poison.kind, attempt.failed) == (Kind.ARCHIVED, True)
    assert b"died 3 times" in poison.note


def test_an_overdue_task_is_archived() -> None:
    broker = offline_broker()
    declare(broker)
    attempt = delivery()
    attempt.deadline = 0

    overdue = precheck(attempt, actors=broker.actors, timing=broker.timing)

    assert overdue is not None
    assert overdue.kind is Kind.ARCHIVED
    assert b"deadline" in overdue.note


def test_a_task_that_an_operator_has_cancelled_is_archived_though_nobody_knows_it() -> None:
    attempt = delivery()
    attempt.attempt.cancelled = Cancelled.OPERATOR

    cancelled = precheck(attempt, actors={}, timing=Timing())

    assert cancelled is not None
    assert (cancelled.kind, decode_note(cancelled.note).error) == (Kind.ARCHIVED, "cancelled")
    assert attempt.failed


@pytest.mark.parametrize(("times", "kind"), [(0, Kind.SCHEDULED), (19, Kind.SCHEDULED), (20, Kind.ARCHIVED)])
def test_an_unknown_task_is_offered_again_for_ten_minutes(times: int, kind: Kind) -> None:
    unknown = precheck(delivery(unknown=times), actors=(), timing=Timing())

    assert unknown is not None
    assert unknown.kind is kind
    if kind is Kind.SCHEDULED:
        assert unknown.number == EVERY
        assert Message.decode(unknown.message).options == {"unknown": times + 1}
    assert timedelta(milliseconds=EVERY * 20) == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("options", "is_known"),
    [
        ({}, True),
        ({"format": 1}, True),
        ({"format": 2}, True),
        ({"format": 3}, False),
        ({"format": []}, False),
    ],
    ids=repr,
)
def test_a_version_with_a_newer_format_goes_on_knowing_the_older(
    monkeypatch: pytest.MonkeyPatch, *, options: dict[str, Any], is_known: bool
) -> None:
    monkeypatch.setattr(message_options, "KNOWN_FORMATS", (1, 2))

    refused = precheck(delivery(**options), actors={"work"}, timing=Timing())

    assert (refused is None) is is_known


ENCRYPTED = {"$encrypted": {"key": "new", "data": "AAAA"}}


def test_a_payload_whose_key_is_known_may_start() -> None:
    encrypted = delivery(ENCRYPTED, format=2)

    assert precheck(encrypted, actors={"work"}, timing=Timing(), payload_keys={"new"}) is None


# An older relay forwards an encrypted payload without the format.
@pytest.mark.parametrize("options", [{"format": 2}, {}], ids=repr)
@pytest.mark.parametrize(("times", "kind"), [(0, Kind.SCHEDULED), (20, Kind.ARCHIVED)])
def test_a_payload_whose_key_is_unknown_is_offered_again_for_ten_minutes(
    options: dict[str, Any], times: int, kind: Kind
) -> None:
    encrypted = delivery(ENCRYPTED, unknown=times, **options)

    outcome = precheck(encrypted, actors={"work"}, timing=Timing(), payload_keys={"old"})

    assert outcome is not None
    assert outcome.kind is kind
    if kind is Kind.SCHEDULED:
        assert Message.decode(outcome.message).kwargs == ENCRYPTED
    else:
        assert (outcome.message, b"no key 'new' for its payload" in outcome.note) == (b"", True)


def test_a_malformed_envelope_is_left_to_the_task() -> None:
    malformed = delivery({"$encrypted": "AAAA"}, format=2)

    assert precheck(malformed, actors={"work"}, timing=Timing(), payload_keys=()) is None
