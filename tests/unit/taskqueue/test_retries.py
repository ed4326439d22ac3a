"""What a failed attempt comes to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import dramatiq
import pytest
from dramatiq import Message, Retry

from internal.infrastructure.taskqueue.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery import Delivery
from internal.infrastructure.taskqueue.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.retries import Retries, asynq_delay
from internal.ports.tasks import Permanent, RetryLater

SECOND = 1000  # milliseconds


def outcome_of(error: BaseException, *, options: dict[str, Any] | None = None, **actor: Any) -> Outcome:
    broker = RedisBroker(middleware=[Retries()])

    def work() -> None: ...

    dramatiq.actor(broker=broker, actor_name="work", **actor)(work)
    message: Message[Any] = Message("default", "work", (), {}, dict(options or {}))
    delivery = Delivery(message, queue="default", task_id="a", token="t")
    broker.emit_after("process_message", delivery, exception=error)
    return delivery.settled_as()


@pytest.mark.parametrize("retries", [0, 1, 2, 5, 10, 24])
def test_waits_as_asynq_does(retries: int) -> None:
    shortest = asynq_delay(retries, draw=lambda _: 0)
    longest = asynq_delay(retries, draw=lambda count: count - 1)

    assert shortest == timedelta(seconds=retries**4 + 15)
    assert longest == timedelta(seconds=retries**4 + 15 + 29 * (retries + 1))


def test_a_failure_is_another_attempt_later() -> None:
    outcome = outcome_of(ValueError("no"), options={"retries": 2})

    assert outcome.kind is Kind.RETRY
    assert (16 + 15) * SECOND <= outcome.number <= (16 + 15 + 29 * 3) * SECOND
    assert Message.decode(outcome.message).options["retries"] == 3
    assert b"ValueError: no" in outcome.note


@pytest.mark.parametrize(
    ("retries", "most", "kind"), [(0, 0, Kind.ARCHIVED), (2, 3, Kind.RETRY), (3, 3, Kind.ARCHIVED)]
)
def test_gives_up_after_so_many_retries(retries: int, most: int, kind: Kind) -> None:
    outcome = outcome_of(ValueError(), options={"retries": retries, "max_retries": most})

    assert outcome.kind is kind


def test_has_25_retries_unless_something_else_is_said() -> None:
    assert outcome_of(ValueError(), options={"retries": 24}).kind is Kind.RETRY
    assert outcome_of(ValueError(), options={"retries": 25}).kind is Kind.ARCHIVED


def test_waiting_is_no_attempt_and_has_no_limit() -> None:
    outcome = outcome_of(RetryLater(timedelta(seconds=7)), options={"retries": 25})

    assert outcome == Outcome(Kind.SCHEDULED, 7 * SECOND)


@pytest.mark.parametrize("error", [Permanent("no"), KeyError("thrown")], ids=repr)
def test_archives_at_once_what_is_hopeless(error: Exception) -> None:
    assert outcome_of(error, throws=(KeyError,)).kind is Kind.ARCHIVED


def test_a_task_may_have_a_wait_of_its_own() -> None:
    def retry_delay(retries: int, error: BaseException) -> timedelta:
        return timedelta(seconds=retries + len(str(error)))

    outcome = outcome_of(ValueError("abc"), options={"retries": 4}, retry_delay=retry_delay)

    assert outcome.number == 7 * SECOND


def test_an_error_may_say_how_long_to_wait() -> None:
    outcome = outcome_of(Retry("later", delay=1234))

    assert (outcome.kind, outcome.number) == (Kind.RETRY, 1234)


def test_a_backoff_of_dramatiqs_own_is_honoured() -> None:
    outcome = outcome_of(ValueError(), options={"retries": 10}, min_backoff=100, max_backoff=2000)

    assert 1000 <= outcome.number <= 2000


@pytest.mark.parametrize(("again", "kind"), [(True, Kind.RETRY), (False, Kind.ARCHIVED)])
def test_retry_when_decides_alone(again: bool, kind: Kind) -> None:  # noqa: FBT001 - what it is asked
    decide: Callable[[int, BaseException], bool] = lambda _, __: again  # noqa: E731 - as users write it

    assert outcome_of(ValueError(), options={"retries": 99}, retry_when=decide).kind is kind
