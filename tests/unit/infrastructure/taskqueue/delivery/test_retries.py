import time
from datetime import timedelta
from typing import Any

import pytest
from dramatiq import Message, Retry
from dramatiq.middleware.shutdown import Shutdown

from internal.infrastructure.taskqueue.delivery.attempt import Cancelled
from internal.infrastructure.taskqueue.delivery.backoff import asynq_delay
from internal.infrastructure.taskqueue.delivery.outcomes import RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.retries import Retries
from internal.infrastructure.taskqueue.protocol.attempt_note import decode_note
from internal.ports.tasks import Permanent, RetryLater
from tests.support.taskqueue.attempts import delivery, failed

SECOND = 1000  # milliseconds


def outcome(error: BaseException, *, message: dict[str, Any] | None = None, **actor: Any) -> Outcome:
    return failed(delivery(**(message or {})), error, retries=Retries(), **actor)


@pytest.mark.parametrize("retries", range(25))
def test_waits_as_long_as_asynq(retries: int) -> None:
    shortest = retries**4 + 15

    assert asynq_delay(retries, draw=lambda _: 0) == timedelta(seconds=shortest)
    assert asynq_delay(retries, draw=lambda below: below - 1) == timedelta(
        seconds=shortest + 29 * (retries + 1)
    )
    for _ in range(100):
        assert shortest <= asynq_delay(retries).total_seconds() <= shortest + 29 * (retries + 1)


@pytest.mark.parametrize("retries", [0, 3, 24])
def test_a_failed_attempt_is_counted_and_followed_by_another(retries: int) -> None:
    decided = outcome(ValueError("no"), message={"retries": retries})

    assert decided.kind is Kind.RETRY
    assert (retries**4 + 15) * SECOND <= decided.number <= (retries**4 + 15 + 29 * (retries + 1)) * SECOND
    options = Message.decode(decided.message).options
    assert options["retries"] == retries + 1
    assert options["traceback"].endswith("ValueError: no\n")
    note = decode_note(decided.note)
    assert (note.retries, note.error) == (retries, "ValueError: no")


@pytest.mark.parametrize("retries", range(12))
@pytest.mark.parametrize("set_on", ["actor", "message"])
def test_a_backoff_means_the_formula_of_dramatiq(retries: int, set_on: str) -> None:
    backoff = {"min_backoff": 100, "max_backoff": 10_000}
    message = {"retries": retries, **(backoff if set_on == "message" else {})}

    decided = outcome(ValueError(), message=message, **(backoff if set_on == "actor" else {}))

    base = 100 * 2**retries
    assert min(base, 5_000) <= decided.number <= min(2 * base, 10_000)


def test_a_backoff_of_the_middleware_is_the_default_of_all_actors() -> None:
    decided = failed(delivery(), ValueError(), retries=Retries(min_backoff=100, max_backoff=150))

    assert 75 <= decided.number <= 150


def test_one_bound_of_the_backoff_leaves_the_other_as_in_dramatiq() -> None:
    shortest = outcome(ValueError(), min_backoff=100)
    longest = outcome(ValueError(), message={"retries": 20}, max_backoff=60 * SECOND)

    assert 100 <= shortest.number <= 200
    assert 30 * SECOND <= longest.number <= 60 * SECOND


def test_a_task_may_say_itself_how_long_to_wait() -> None:
    def retry_delay(retries: int, error: BaseException) -> timedelta:
        assert isinstance(error, ValueError)
        return timedelta(seconds=retries)

    assert outcome(ValueError(), message={"retries": 7}, retry_delay=retry_delay).number == 7 * SECOND


def test_the_delay_of_a_retry_that_was_asked_for_counts_above_all() -> None:
    decided = outcome(Retry(delay=5), retry_delay=lambda *_: timedelta(hours=1))

    assert (decided.kind, decided.number) == (Kind.RETRY, 5)


def test_a_retry_that_was_asked_for_is_an_attempt_like_any_other() -> None:
    assert outcome(Retry(), message={"max_retries": 0}).kind is Kind.ARCHIVED


HOUR = 3600 * SECOND
WAITS = RetryLater(timedelta(hours=1))


@pytest.mark.parametrize(
    ("errors", "decided"),
    [
        ([Permanent("no")], (Kind.ARCHIVED, 0)),
        ([ValueError(), Permanent("no"), WAITS], (Kind.ARCHIVED, 0)),
        ([ExceptionGroup("inner", [ValueError(), Permanent("no")])], (Kind.ARCHIVED, 0)),
        ([KeyError("thrown")], (Kind.ARCHIVED, 0)),
        ([WAITS], (Kind.SCHEDULED, HOUR)),
        ([RetryLater(timedelta(seconds=1)), ValueError(), WAITS], (Kind.SCHEDULED, HOUR)),
        ([ValueError(), Retry(delay=5)], (Kind.RETRY, 5)),
        ([ValueError(), TypeError()], (Kind.RETRY, HOUR)),
    ],
)
def test_what_a_group_contains_counts_as_if_it_had_been_raised_alone(
    errors: list[Exception], decided: tuple[Kind, int]
) -> None:
    group = ExceptionGroup("outer", errors)

    found = outcome(group, throws=KeyError, retry_delay=lambda *_: timedelta(hours=1))

    assert (found.kind, found.number) == decided


def test_a_message_that_is_retried_tells_when_it_was_put_back() -> None:
    before = round(time.time() * 1000)

    options = Message.decode(outcome(ValueError()).message).options

    assert before <= options["requeue_timestamp"] <= round(time.time() * 1000)


def test_a_task_that_wants_to_wait_is_not_counted() -> None:
    decided = outcome(RetryLater(timedelta(seconds=3)), message={"max_retries": 0})

    assert decided == Outcome(Kind.SCHEDULED, 3 * SECOND)


@pytest.mark.parametrize("error", [Permanent("no"), KeyError("no")], ids=repr)
def test_a_task_that_cannot_succeed_is_archived(error: Exception) -> None:
    attempt = delivery()

    decided = failed(attempt, error, retries=Retries(), throws=KeyError)

    assert (decided.kind, attempt.failed) == (Kind.ARCHIVED, True)
    assert "no" in Message.decode(decided.message).options["traceback"]


@pytest.mark.parametrize("most", [0, 3])
def test_a_task_has_this_number_of_attempts_after_the_first(most: int) -> None:
    kinds = [
        outcome(ValueError(), message={"retries": retries}, max_retries=most).kind
        for retries in range(most + 1)
    ]

    assert kinds == [Kind.RETRY] * most + [Kind.ARCHIVED]


def test_the_number_of_attempts_is_the_messages_before_the_actors_before_the_default() -> None:
    assert outcome(ValueError(), message={"retries": 24}).kind is Kind.RETRY
    assert outcome(ValueError(), message={"retries": 25}).kind is Kind.ARCHIVED
    assert outcome(ValueError(), message={"retries": 1}, max_retries=1).kind is Kind.ARCHIVED
    assert outcome(ValueError(), message={"retries": 1, "max_retries": 2}, max_retries=1).kind is Kind.RETRY


def test_without_a_limit_there_is_always_another_attempt() -> None:
    assert outcome(ValueError(), message={"retries": 1000}, max_retries=None).kind is Kind.RETRY


@pytest.mark.parametrize(("wanted", "kind"), [(True, Kind.RETRY), (False, Kind.ARCHIVED)])
def test_retry_when_decides_instead_of_the_limit(*, wanted: bool, kind: Kind) -> None:
    assert outcome(ValueError(), max_retries=0, retry_when=lambda *_: wanted).kind is kind


def test_a_shutdown_gives_the_task_back() -> None:
    assert outcome(Shutdown()) is RELEASED


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (Cancelled.TIMEOUT, Kind.RETRY),
        (Cancelled.DEADLINE, Kind.ARCHIVED),
        (Cancelled.LEASE_LOST, Kind.RELEASED),
        (Cancelled.OPERATOR, Kind.ARCHIVED),
    ],
)
def test_what_a_cancellation_means_depends_on_its_reason(reason: Cancelled, kind: Kind) -> None:
    attempt = delivery()
    attempt.attempt.cancelled = reason

    assert failed(attempt, ValueError(), retries=Retries()).kind is kind


def test_an_overdue_task_has_no_further_attempt() -> None:
    attempt = delivery()
    attempt.deadline = 0

    assert failed(attempt, ValueError(), retries=Retries()).kind is Kind.ARCHIVED


def broken(*_: object) -> Any:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    "options",
    [
        {"retry_when": broken},
        {"retry_delay": broken},
        {"retry_delay": lambda *_: "soon"},
        {"message": {"max_retries": "many"}},  # from a producer that checks nothing
        {"message": {"min_backoff": "long"}},
    ],
    ids=lambda options: next(iter(options)),
)
def test_a_broken_option_does_not_lose_the_task(options: dict[str, Any]) -> None:
    decided = outcome(ValueError(), **options)

    assert decided.kind is Kind.RETRY
    assert decided.number >= 15 * SECOND
    assert Message.decode(decided.message).options["retries"] == 1


@pytest.mark.parametrize("target", ["unknown", "work"])  # nobody has the one, and Redis is away for the other
def test_an_exhausted_task_is_archived_although_nobody_can_be_told(target: str) -> None:
    decided = outcome(ValueError("no"), max_retries=0, on_retry_exhausted=target)

    assert decided.kind is Kind.ARCHIVED
    assert decode_note(decided.note).error == "ValueError: no"


def test_an_option_that_stays_broken_ends_in_the_archive() -> None:
    assert outcome(ValueError(), message={"retries": 25}, retry_when=broken).kind is Kind.ARCHIVED
