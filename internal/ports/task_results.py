from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from internal.ports.tasks import TaskState


class NotEnded(Exception):
    """The time to wait is over, and the task has not ended; it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """How far a task is: `value` is what its handler wrote last, `error` that of the last failed attempt."""

    state: TaskState
    value: object = None
    error: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.state in {TaskState.COMPLETED, TaskState.ARCHIVED}


class TaskResults(Protocol):
    """What became of tasks that were published with a `retention`; the others leave nothing behind."""

    async def result(self, queue: str, task_id: str) -> TaskResult:
        """As it is now, also of a task that is still running.

        Raises:
            TaskNotFound: there is no such task.
            Unavailable: the task queue cannot be reached.
        """
        ...

    async def wait(self, queue: str, task_id: str, *, within: timedelta) -> TaskResult:
        """Return as soon as the task has ended, done or given up.

        Raises:
            NotEnded: it has not within that time.
            TaskNotFound: it did not appear within that time, or is gone without having been kept.
            ValueError: it has no retention, so that nobody could tell when it is done.
            Unavailable: the task queue cannot be reached.
        """
        ...
