from datetime import UTC, datetime, timedelta

from internal.infrastructure.http.dashboard.timeline import timeline_of
from internal.ports.outbox_inspector import OutboxRow, OutboxState
from internal.ports.task_snapshots import Attempt, TaskInfo
from internal.ports.tasks import TaskState

START = datetime(2026, 1, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def row(state: OutboxState, **facts: datetime) -> OutboxRow:
    return OutboxRow(
        id="1",
        name="work",
        queue="default",
        state=state,
        payload={},
        stored_at=START,
        next_try_at=START,
        **facts,  # type: ignore[arg-type]  # each is a time
    )


def test_tells_what_happened_in_order_and_what_is_ahead() -> None:
    task = TaskInfo(
        id="1",
        queue="default",
        state=TaskState.RETRY,
        published_at=after(0.01),
        due=after(60),
        deadline=after(50),
        history=[Attempt(at=after(2), retries=0, error="no"), Attempt(at=after(9), retries=1, error="nay")],
        traceback="the last one",
    )

    events = timeline_of(task, row(OutboxState.FORWARDED, forwarded_at=after(0.02)))

    assert [(event.title, event.is_ahead) for event in events] == [
        ("Stored in the outbox", False),
        ("Published", False),
        ("Enqueued to default", False),
        ("Failure 1, in attempt 1", False),
        ("Failure 2, in attempt 2", False),
        ("Deadline", True),
        ("Next attempt", True),
    ]
    assert [(event.error, event.traceback) for event in events if event.error] == [
        ("no", ""),
        ("nay", "the last one"),
    ]


def test_a_failed_attempt_says_where_and_when_it_ran() -> None:
    attempt = Attempt(at=after(9), retries=0, error="no", worker="web-1:17", ran_for=timedelta(seconds=2))
    task = TaskInfo(id="1", queue="default", state=TaskState.RETRY, history=[attempt])

    [event] = timeline_of(task, None)

    assert event.attempt is attempt
    assert attempt.started_at == after(7)


def test_a_task_that_is_gone_has_the_end_that_the_outbox_knows() -> None:
    events = timeline_of(None, row(OutboxState.DONE, forwarded_at=after(1), ended_at=after(2)))

    assert [event.title for event in events] == ["Stored in the outbox", "Enqueued to default", "Succeeded"]


def test_a_running_task_says_where() -> None:
    task = TaskInfo(id="1", queue="default", state=TaskState.ACTIVE, worker="host:1", started_at=START)

    [event] = timeline_of(task, None)

    assert (event.title, event.text, event.colour) == ("Running", "On host:1.", TaskState.ACTIVE)


def test_nothing_is_known_of_an_unknown_task() -> None:
    assert timeline_of(None, None) == []
