"""What operators see of the background tasks, and what they can do to them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from internal.domain.errors import Conflict, NotFound
from internal.ports.task_snapshots import (
    DayCount,
    QueueInfo,
    ScheduledRun,
    ScheduleInfo,
    TaskInfo,
    WorkerInfo,
)
from internal.ports.tasks import TaskState


class QueueNotFound(NotFound):
    code = "QUEUE_NOT_FOUND"


class QueueNotEmpty(Conflict):
    """It has tasks, or some that are running; those only end by themselves or by being cancelled."""

    code = "QUEUE_NOT_EMPTY"


class TaskNotFound(NotFound):
    code = "TASK_NOT_FOUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Only tasks of this name, and with these texts, whatever their case, in their payload and last error."""

    name: str | None = None
    payload: str | None = None
    error: str | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.payload or self.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """Some tasks, and the cursor of what follows: None at the end.

    A filtered page may be short, even empty, and yet have more behind it: each looks at a bounded number.
    """

    tasks: Sequence[TaskInfo]
    next: str | None


class TaskAction(StrEnum):
    """What can be done to tasks, and to those of which states.

    RUN: scheduled, retry, archived -> pending now. An archived task has all its retries again.
    ARCHIVE: pending, scheduled, retry -> archived.
    DELETE: pending, scheduled, retry, archived, completed -> gone.
    CANCEL: active -> archived; its handler is told to stop, within a second.
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
    """What became of a number of tasks: the ids of those it was done to, and why not to the others."""

    done: Sequence[str]
    refused: Mapping[str, str]


class TaskInspector(Protocol):
    """Every method raises Unavailable if the task queue cannot be reached.

    The cost of a page, and of an action on one page of tasks, does not depend on how many there are.
    """

    async def queues(self) -> Sequence[QueueInfo]:
        """All queues, by name."""
        ...

    async def queue(self, name: str) -> QueueInfo:
        """Raise QueueNotFound."""
        ...

    async def history(self, name: str, *, days: int) -> Sequence[DayCount]:
        """The last `days` days, newest first, today included.

        Raises:
            QueueNotFound: there is no such queue.
            ValueError: the days are not within 1 to 90.
        """
        ...

    async def pause(self, name: str) -> bool:
        """Hand out none of its tasks; what runs goes on. False if it was paused. Raises QueueNotFound."""
        ...

    async def resume(self, name: str) -> bool:
        """False if it was not paused. Raises QueueNotFound."""
        ...

    async def remove_queue(self, name: str, *, force: bool = False) -> None:
        """Delete everything there is of a queue, with `force` its tasks, too.

        Raises:
            QueueNotFound: there is none.
            QueueNotEmpty: it has tasks and `force` is not set, or tasks of it are running.
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
        """One page of the tasks in a state; without a state, of all tasks.

        The newest task came into its state last; in scheduled and retry it is due last. Without a state,
        pending tasks are the newest, then active, scheduled, retry, archived and completed ones.

        Raises:
            QueueNotFound: there is no such queue.
            ValueError: the size is not within 1 to 500, or the cursor belongs to another list.
        """
        ...

    async def task(self, queue: str, task_id: str) -> TaskInfo:
        """Raise TaskNotFound."""
        ...

    async def act(self, action: TaskAction, queue: str, task_ids: Sequence[str]) -> ActionResult:
        """Do something to some tasks; one that is not there is refused.

        Raises:
            ValueError: they are more than 500.
        """
        ...

    def act_on_all(
        self, action: TaskAction, queue: str, state: TaskState, *, only: TaskFilter | None = None
    ) -> AsyncIterator[ActionResult]:
        """Do something to all tasks that are in a state now, in bounded batches: one result for each.

        Raises:
            QueueNotFound: there is no such queue.
            Conflict: the action is none for this state.
        """
        ...

    async def workers(self) -> Sequence[WorkerInfo]: ...

    async def schedules(self) -> Sequence[ScheduleInfo]: ...

    async def schedule_history(self, name: str, *, size: int = 30) -> Sequence[ScheduledRun]:
        """Newest first; 1,000 are kept. Raises NotFound."""
        ...
