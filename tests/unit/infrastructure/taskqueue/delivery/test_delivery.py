import pytest

from internal.infrastructure.taskqueue.delivery.delivery import LARGEST_RESULT
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.settled_as import settled_as
from tests.support.taskqueue.attempts import delivery


def test_a_finished_task_is_forgotten_unless_it_is_to_be_kept() -> None:
    kept = delivery(retention=5000)
    kept.write_result({"sent": 3})

    assert settled_as(delivery()) is DONE
    assert settled_as(kept) == Outcome(Kind.DONE, 5000, note=b'{"sent":3}')


def test_the_last_result_counts() -> None:
    attempt = delivery(retention=5000)

    attempt.write_result(1)
    attempt.write_result(2)

    assert settled_as(attempt).note == b"2"


def test_a_result_has_a_largest_size() -> None:
    attempt = delivery()

    attempt.write_result("x" * (LARGEST_RESULT - len('""')))
    with pytest.raises(ValueError, match="65537 bytes"):
        attempt.write_result("x" * (LARGEST_RESULT - 1))

    assert len(attempt.attempt.result) == LARGEST_RESULT


def test_a_failed_task_for_which_nothing_else_is_decided_is_archived() -> None:
    attempt = delivery(retention=5000)
    attempt.fail()

    assert settled_as(attempt).kind is Kind.ARCHIVED


def test_the_decided_outcome_counts() -> None:
    attempt = delivery()
    attempt.fail()
    attempt.attempt.outcome = RELEASED

    assert settled_as(attempt) is RELEASED


@pytest.mark.parametrize("kind", Kind)
def test_only_what_is_done_or_archived_is_over(kind: Kind) -> None:
    assert Outcome(kind).is_final == (kind in {Kind.DONE, Kind.ARCHIVED})
