from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from internal.domain.events import UserLoggedIn
from internal.ports.log_in_counts import LogInCounts
from internal.ports.tasks import Queue, TaskContext, TaskOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class CountLogIn:
    """Count a log-in. The count does not say who logged in."""

    task_name: ClassVar[str] = "events:count-log-in"
    task_options: ClassVar[TaskOptions] = TaskOptions(queue=Queue.LOW)

    event_id: UUID
    occurred_at: datetime

    @classmethod
    def on(cls, event: UserLoggedIn) -> Self:
        return cls(event_id=event.id, occurred_at=event.occurred_at)


class CountLogInHandler:
    def __init__(self, *, log_in_counts: LogInCounts) -> None:
        self._log_in_counts = log_in_counts

    async def __call__(self, task: CountLogIn, context: TaskContext) -> None:  # noqa: ARG002 - a TaskHandler
        await self._log_in_counts.add(task.event_id, occurred_at=task.occurred_at)
