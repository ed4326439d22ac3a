import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from dramatiq import Message
from hypothesis import given

from internal.domain.email_address import EmailAddress, InvalidEmailAddress
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.failed_attempt import by_default
from internal.infrastructure.taskqueue.delivery.failure_marks import with_mark
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.settlements import Lease
from internal.infrastructure.taskqueue.protocol.failure_mark import MOST, FailureMark, decode_mark, mark_of
from tests.support.hostile_errors import Hostile, hostile_errors

HERE = "tests/unit/infrastructure/taskqueue/delivery/test_failure_marks.py"


def failed_with(
    error: BaseException, *, name: str = "mail", secret: dict[str, Any] | None = None
) -> FailureMark:
    delivery = Delivery(Message("default", name, (), {}, {}), lease=Lease("default", "1", "token"))
    delivery.begin()
    delivery.secret_payload = secret
    with suppress(BaseException):
        fail(error)
    delivery.stuff_exception(error)
    return decode_mark(with_mark(by_default(delivery, error), delivery).mark)


def fail(error: BaseException) -> None:
    raise error


def in_a_library() -> BaseException:
    try:
        json.loads("{")
    except ValueError as error:
        return error
    raise AssertionError


def in_our_code() -> BaseException:
    try:
        EmailAddress.parse("nothing")
    except InvalidEmailAddress as error:
        return error
    raise AssertionError


def test_a_mark_names_the_task_the_error_and_the_innermost_frame_of_our_code() -> None:
    mark = failed_with(ValueError("no"))

    assert (mark.task_name, mark.error_type, mark.frame) == ("mail", "ValueError", f"{HERE} in fail")


def test_frames_of_libraries_do_not_count() -> None:
    mark = failed_with(in_a_library())

    assert (mark.error_type, mark.frame) == ("JSONDecodeError", f"{HERE} in in_a_library")


def test_a_deeper_frame_of_our_code_counts() -> None:
    assert failed_with(in_our_code()).frame.startswith("internal/domain/email_address.py in ")


def test_an_error_without_a_traceback_has_no_frame() -> None:
    delivery = Delivery(Message("default", "mail", (), {}, {}), lease=Lease("default", "1", "token"))
    outcome = Outcome(Kind.ARCHIVED, note=msgspec.json.encode({"retries": 0, "error": "poison: it died"}))

    mark = decode_mark(with_mark(outcome, delivery).mark)

    assert (mark.error_type, mark.frame) == ("poison", "")


@given(hostile=hostile_errors())
def test_any_error_has_a_mark(hostile: Hostile) -> None:
    mark = failed_with(hostile.error)

    assert mark.fingerprint == mark_of(mark.task_name, mark.error_type, mark.frame).fingerprint


def test_texts_of_errors_do_not_matter() -> None:
    assert failed_with(ValueError("one")) == failed_with(ValueError("two"))


@pytest.mark.parametrize(
    "other", [("bill", "ValueError", "here"), ("mail", "KeyError", "here"), ("mail", "ValueError", "there")]
)
def test_other_failures_have_other_fingerprints(other: tuple[str, str, str]) -> None:
    assert mark_of(*other).fingerprint != mark_of("mail", "ValueError", "here").fingerprint


def test_texts_of_an_encrypted_payload_are_hidden() -> None:
    error: BaseException = type("Ada_Lovelace_Error", (Exception,), {})()

    mark = failed_with(error, secret={"name": "Ada_Lovelace"})

    assert "Lovelace" not in mark.error_type


def test_long_names_are_shortened() -> None:
    error: BaseException = type("E" * 5000, (Exception,), {})()

    mark = failed_with(error, name="n" * 5000)

    assert max(len(mark.error_type), len(mark.task_name), len(mark.frame)) <= MOST


@pytest.mark.parametrize("outcome", [DONE, RELEASED, Outcome(Kind.SCHEDULED, 5)])
def test_other_outcomes_have_no_mark(outcome: Outcome) -> None:
    delivery = Delivery(Message("default", "mail", (), {}, {}), lease=Lease("default", "1", "token"))

    assert with_mark(outcome, delivery) is outcome
