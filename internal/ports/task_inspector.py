"""Background tasks as operators see them, and the actions on them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from internal.domain.errors import Conflict, NotFound
from internal.ports.task_failures import FailureGroup, FailureGroups
from internal.ports.task_schedules import TaskSchedules
from internal.ports.task_snapshots import (
    DayCount,
    QueueInfo,
    TaskInfo,
)
from internal.ports.task_statistics import DueMinute, Span, TaskStatistics
from internal.ports.task_workers import TaskWorkers
from internal.ports.tasks import TaskState


class QueueNotFound(NotFound):
    code = "QUEUE_NOT_FOUND"


class QueueNotEmpty(Conflict):
    """The queue has tasks. Running tasks must end or be cancelled first."""

    code = "QUEUE_NOT_EMPTY"


class TaskNotFound(NotFound):
    code = "TASK_NOT_FOUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Selects tasks by name, by texts in their payload and last error, whatever the case, and by time.

    mask: hides parts of an error before the search, for readers who may not see them.
    since, until: bounds of TaskInfo.happened_at. `until` is not part of the time.
    """

    name: str | None = None
    payload: str | None = None
    error: str | None = None
    mask: Callable[[str], str] = str
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.payload or self.error or self.since or self.until)

    def has_time(self, at: datetime | None) -> bool:
        """Whether the bounds include this time. An unknown time is in no bounds."""
        if at is None:
            return self.since is None and self.until is None
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """Some tasks, and the cursor of the next page: None at the end.

    Each page looks at a bounded number of tasks. A page that is filtered, or has large tasks, may be short or
    empty although more follow. Tasks that are too old for the filter may end the list early.
    looked_at: the number of tasks that the page looked at, matching or not.
    """

    tasks: Sequence[TaskInfo]
    next: str | None
    looked_at: int


class TaskAction(StrEnum):
    """An action on tasks, with the states that it applies to.

    RUN: scheduled, retry, archived -> pending now. An archived task has all its retries again.
    ARCHIVE: pending, scheduled, retry -> archived.
    DELETE: pending, scheduled, retry, archived, completed -> deleted.
    CANCEL: active -> archived; its handler is stopped within a second.
    """

    RUN = "run"
    ARCHIVE = "archive"
    DELETE = "delete"
    CANCEL = "cancel"


APPLIES_TO: Mapping[TaskAction, frozenset[TaskState]] = {
    TaskAction.RUN: frozenset({TaskState.SCHEDULED, TaskState.RETRY, TaskState.ARCHIVED}),
    TaskAction.ARCHIVE: frozenset({TaskState.PENDING, TaskState.SCHEDULED, TaskState.RETRY}),
    TaskAction.DELETE: frozenset(set(TaskState) - {TaskState.STORED, TaskState.ACTIVE}),
    TaskAction.CANCEL: frozenset({TaskState.ACTIVE}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResult:
    """The result of an action: the ids for which it succeeded, and a reason for each of the others."""

    done: Sequence[str]
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStep:
    """One step of an action on many tasks, and the cursor of the next step: None at the end.

    looked_at: the number of tasks that the step looked at, matching or not.
    """

    result: ActionResult
    looked_at: int
    next: str | None


class TaskInspector(TaskSchedules, TaskWorkers, Protocol):
    """Every method raises Unavailable if the task queue cannot be reached.

    The cost of a page, and of an action on one page of tasks, does not depend on the number of tasks.
    """

    async def queues(self) -> Sequence[QueueInfo]:
        """Return all queues, sorted by name."""
        ...

    async def queue(self, name: str) -> QueueInfo:
        """Raises QueueNotFound."""
        ...

    async def history(self, name: str, *, days: int) -> Sequence[DayCount]:
        """Return the last `days` days, newest first, today included.

        Raises:
            QueueNotFound: there is no such queue.
            ValueError: `days` is not within 1 to 90.
        """
        ...

    async def statistics(self, span: Span) -> TaskStatistics:
        """Return what the tasks of all queues did in this span, as workers reported it.

        A worker that is killed takes its last few seconds with it, and a full queue drops statistics first.
        """
        ...

    async def due(self) -> Sequence[DueMinute]:
        """Count the scheduled and retry tasks that are due in this minute and in the next 14.

        The first minute includes the tasks that are overdue.
        """
        ...

    async def pause(self, name: str) -> bool:
        """Stop dequeuing. Running tasks go on. Returns False if it was paused. Raises QueueNotFound."""
        ...

    async def resume(self, name: str) -> bool:
        """Returns False if it was not paused. Raises QueueNotFound."""
        ...

    async def remove_queue(self, name: str, *, force: bool = False) -> None:
        """Delete a queue; with `force`, delete its tasks too.

        Raises:
            QueueNotFound: there is no such queue.
            QueueNotEmpty: it has tasks and `force` is not set, or some of its tasks are running.
        """
        ...

    async def tasks(
        self,
        queue: str,
        state: TaskState | None,
        *,
        newest_first: bool = True,
        size: int = 30,
        cursor: str | None = None,
        only: TaskFilter | None = None,
    ) -> TaskPage:
        """Return one page of the tasks in a state; without a state, of all tasks.

        The newest task entered its state last; in scheduled and retry it is due last. Without a state,
        pending tasks are the newest, followed by active, scheduled, retry, archived and completed ones.

        Raises:
            QueueNotFound: there is no such queue.
            ValueError: the size is not within 1 to 500, or the cursor belongs to another list.
        """
        ...

    async def task(self, queue: str, task_id: str) -> TaskInfo:
        """Raises TaskNotFound."""
        ...

    async def act(self, action: TaskAction, queue: str, task_ids: Sequence[str]) -> ActionResult:
        """Act on these tasks. Missing tasks are refused.

        Raises:
            ValueError: there are more than 500 ids.
        """
        ...

    def act_on_all(
        self, action: TaskAction, queue: str, state: TaskState, *, only: TaskFilter | None = None
    ) -> AsyncIterator[ActionResult]:
        """Act on all tasks that are in this state now, and yield a result for each batch.

        Raises:
            QueueNotFound: there is no such queue.
            Conflict: the action does not apply to this state.
        """
        ...

    async def act_on_next(
        self,
        action: TaskAction,
        queue: str,
        state: TaskState,
        *,
        cursor: str | None = None,
        only: TaskFilter | None = None,
    ) -> ActionStep:
        """Act on the next tasks, the oldest first, of those that were in this state at the first step.

        A step looks at 1,000 tasks at most, and begins no batch after a quarter of a second.

        Raises:
            QueueNotFound: there is no such queue.
            Conflict: the action does not apply to this state.
            ValueError: `act_on_next` did not return the cursor.
        """
        ...

    async def failures(self) -> FailureGroups:
        """Group the newest 2,000 failures. If there are more, each queue and state has an equal share."""
        ...

    async def failure(self, fingerprint: str) -> FailureGroup:
        """Raises FailureGroupNotFound: the group is not among those of `failures`."""
        ...

    async def failed_tasks(self, fingerprint: str, *, size: int = 30, cursor: str | None = None) -> TaskPage:
        """Return one page of the tasks of a group, as `failures` counts them, the newest failure first.

        Raises:
            ValueError: the size is not within 1 to 500, or the cursor belongs to another list.
        """
        ...

    async def act_on_failures(
        self, action: TaskAction, fingerprint: str, *, cursor: str | None = None
    ) -> ActionStep:
        """Act on the tasks of a group that had failed when the action began; call it until `next` is None.

        A step acts on tasks of the group, old ones included. It looks at 1,000 failed tasks at most, and
        begins no batch after a quarter of a second.

        Raises:
            Conflict: the action does not apply to failed tasks.
            ValueError: the cursor belongs to another action.
        """
        ...
