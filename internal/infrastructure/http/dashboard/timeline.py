"""What happened to a task, and what happens next, in the order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from internal.infrastructure.http.dashboard.traceback_view import Line, lines_of
from internal.ports.outbox_inspector import OutboxRow, OutboxState
from internal.ports.task_snapshots import Attempt, TaskInfo
from internal.ports.tasks import TaskState

_ENDS = {
    OutboxState.DONE: ("Succeeded", TaskState.COMPLETED),
    OutboxState.GIVEN_UP: ("Given up", TaskState.ARCHIVED),
    OutboxState.DUPLICATE: ("Not run: an equal task exists", TaskState.ARCHIVED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`colour` is the state with its colour. `traceback` is that of the failed attempt."""

    title: str
    at: datetime
    colour: TaskState = TaskState.PENDING
    text: str = ""
    error: str = ""
    attempt: Attempt | None = None
    traceback: str = ""
    is_ahead: bool = False

    def trace(self, *, is_revealed: bool) -> Sequence[Line]:
        return list(lines_of(self.traceback, is_masked=not is_revealed)) if self.traceback else []


def timeline_of(task: TaskInfo | None, row: OutboxRow | None) -> Sequence[Event]:
    """The known events: from the task while it exists, and from its row in the outbox."""
    past = [*(_of_row(row) if row else ()), *(_of_task(task) if task else ())]
    ahead = list(_ahead(task)) if task else []
    return [*sorted(past, key=lambda event: event.at), *sorted(ahead, key=lambda event: event.at)]


def _of_row(row: OutboxRow) -> Iterator[Event]:
    yield Event(title="Stored in the outbox", at=row.stored_at, text="In the transaction of its data.")
    if row.forwarded_at:
        yield Event(title=f"Enqueued to {row.queue}", at=row.forwarded_at)
    if row.last_failed_at and not row.forwarded_at:
        title = "The relay could not enqueue it"
        yield Event(title=title, at=row.last_failed_at, colour=TaskState.RETRY, error=row.last_error or "")
    if row.completed_at:
        yield Event(title="Had its effect", at=row.completed_at, colour=TaskState.COMPLETED)
    if row.ended_at and row.state in _ENDS:
        title, colour = _ENDS[row.state]
        yield Event(title=title, at=row.ended_at, colour=colour)


def _of_task(task: TaskInfo) -> Iterator[Event]:
    if task.published_at:
        yield Event(title="Published", at=task.published_at)
    for number, attempt in enumerate(task.history, start=1):
        # Only the traceback of the last failed attempt is stored.
        traceback = task.traceback if number == len(task.history) else None
        yield _failure(number, attempt, traceback or "")
    if task.started_at:
        text = f"On {task.worker}."
        yield Event(title="Running", at=task.started_at, colour=TaskState.ACTIVE, text=text)
    if task.completed_at:
        yield Event(title="Completed", at=task.completed_at, colour=TaskState.COMPLETED)


def _failure(number: int, attempt: Attempt, traceback: str) -> Event:
    """An attempt may fail again without being counted: such attempts have the same number of retries."""
    title = f"Failure {number}, in attempt {attempt.retries + 1}"
    return Event(
        title=title,
        at=attempt.at,
        colour=TaskState.ARCHIVED,
        error=attempt.error,
        attempt=attempt,
        traceback=traceback,
    )


def _ahead(task: TaskInfo) -> Iterator[Event]:
    if task.due:
        title = "Next attempt" if task.state is TaskState.RETRY else "Start"
        yield Event(title=title, at=task.due, colour=task.state, is_ahead=True)
    if task.deadline and task.state not in {TaskState.ARCHIVED, TaskState.COMPLETED}:
        yield Event(title="Deadline", at=task.deadline, colour=TaskState.ARCHIVED, is_ahead=True)
    if task.expires_at:
        yield Event(title="Deleted", at=task.expires_at, colour=task.state, is_ahead=True)
