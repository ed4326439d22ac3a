from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from internal.ports.tasks import TaskState


class NotEnded(Exception):
    """The task did not end in time. It goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """The state of a task, the last value of its handler, and the error of the last failed attempt."""

    state: TaskState
    value: object = None
    error: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.state in {TaskState.COMPLETED, TaskState.ARCHIVED}


class TaskResults(Protocol):
    """Results of tasks with a `retention`. Other tasks leave no result."""

    async def result(self, queue: str, task_id: str) -> TaskResult:
        """Return the result at this moment, even if the task still runs.

        Raises:
            TaskNotFound: there is no such task.
            Unavailable: the task queue cannot be reached.
        """
        ...

    async def wait(self, queue: str, task_id: str, *, within: timedelta) -> TaskResult:
        """Wait until the task is completed or archived.

        Raises:
            NotEnded: it did not end within that time.
            TaskNotFound: it did not appear within that time, or was not kept.
            ValueError: it has no retention, so its end would not be noticed.
            Unavailable: the task queue cannot be reached.
        """
        ...
