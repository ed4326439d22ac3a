"""Periodic tasks as operators see them, and the actions on them."""

from collections.abc import Sequence
from typing import Protocol

from internal.domain.errors import Conflict, NotFound
from internal.ports.task_snapshots import ScheduledRun, ScheduleInfo


class ScheduleNotFound(NotFound):
    code = "SCHEDULE_NOT_FOUND"


class EqualTaskExists(Conflict):
    """The task of a schedule is unique, and an equal one has not ended."""

    code = "EQUAL_TASK_EXISTS"


class TaskSchedules(Protocol):
    """The part of a TaskInspector that is about periodic tasks."""

    async def schedules(self) -> Sequence[ScheduleInfo]: ...

    async def schedule_history(self, name: str, *, size: int = 30) -> Sequence[ScheduledRun]:
        """Return the runs, newest first; 1,000 are kept. Raises ScheduleNotFound."""
        ...

    async def run_schedule(self, name: str) -> str:
        """Publish the task now, besides its slots and also while it is paused. Returns the id of the task.

        Raises:
            ScheduleNotFound: no worker announces it, or this version does not know it.
            EqualTaskExists: the task is unique, and an equal one has not ended.
        """
        ...

    async def pause_schedule(self, name: str) -> bool:
        """Publish nothing at its slots until it is resumed. Returns False if it was paused.

        Raises ScheduleNotFound.
        """
        ...

    async def resume_schedule(self, name: str) -> bool:
        """Go on with the next slot; earlier ones are not made up for. Returns False if it was not paused.

        Raises ScheduleNotFound.
        """
        ...
