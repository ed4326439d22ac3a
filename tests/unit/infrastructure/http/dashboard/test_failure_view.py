from datetime import UTC, datetime, timedelta

from internal.infrastructure.http.dashboard.failure_view import FailureView, address_of, failing_now_first
from internal.ports.task_failures import FailureGroup
from internal.ports.task_inspector import TaskAction
from internal.ports.task_snapshots import Failure

NOW = datetime(2026, 11, 30, 3, tzinfo=UTC)
FRAME = "internal/infrastructure/email/smtp_sender.py in SmtpSender.send"


def view_of(*hours_ago: float, error: str | None = "SMTPError: refused", archived: int = 0) -> FailureView:
    failure = Failure(fingerprint="0123", task_name="mail", error_type="SMTPError", frame=FRAME)
    times = sorted(NOW - timedelta(hours=hours) for hours in hours_ago)
    retry = len(times) - archived
    group = FailureGroup(
        failure=failure, retry=retry, archived=archived, times=times, queue="low", task_id="1", error=error
    )
    return FailureView(group, NOW)


def test_a_bar_is_as_high_as_the_share_of_its_hour() -> None:
    view = view_of(0.5, 0.6, 0.7, 0.8, 1.5, 2.1, 2.2)

    assert view.path == "M21.1 20v-10h.8V20zM22.1 20v-5h.8V20zM23.1 20v-20h.8V20z"


def test_failures_before_a_day_have_no_bar() -> None:
    view = view_of(24.1, 23.9)

    assert view.path == "M0.1 20v-20h.8V20z"
    assert view.recent == 1
    assert view_of(100).path == ""


def test_a_failure_in_the_future_belongs_to_the_newest_bar() -> None:
    """Redis has another clock."""
    assert view_of(-0.01).path == "M23.1 20v-20h.8V20z"


def test_one_failure_among_many_is_visible() -> None:
    assert "M0.1 20v-2h.8V20z" in view_of(23.5, *[0.5] * 100).path


def test_fails_now_if_a_task_failed_in_the_last_two_minutes() -> None:
    assert view_of(5, 1 / 60).is_failing_now
    assert not view_of(5, 3 / 60).is_failing_now


def test_groups_that_fail_now_come_before_larger_ones() -> None:
    old, large, small = view_of(5, 4, 3), view_of(2, 0.01), view_of(0)

    assert failing_now_first([old, large, small]) == [large, small, old]


def test_the_message_is_what_the_error_says_beside_its_type() -> None:
    assert view_of(1).message == "refused"
    assert view_of(1, error="SMTPError").message == ""
    assert view_of(1, error=None).message == ""


def test_names_its_place_without_folders() -> None:
    assert view_of(1).place == "smtp_sender.py in SmtpSender.send"


def test_archiving_is_for_the_tasks_that_wait_for_a_retry() -> None:
    view = view_of(1, 2, 3, archived=2)

    assert [view.number_for(action) for action in (TaskAction.RUN, TaskAction.ARCHIVE)] == [3, 1]


def test_any_fingerprint_has_an_address() -> None:
    assert address_of("a/b?c") == "/dashboard/failures/a%2Fb%3Fc"
