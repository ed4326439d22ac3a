from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from internal.ports.task_history import TaskHistory
from internal.ports.tasks import Queue, TaskContext, TaskOptions

# One more than a queue's archive keeps a task: an operator can run it again for as long, and without its row
# it would not run.
GIVEN_UP_FOR = timedelta(days=91)
BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeOutbox:
    """Forget what tasks that ended long ago were published with."""

    task_name: ClassVar[str] = "outbox:purge"
    task_options: ClassVar[TaskOptions] = TaskOptions(queue=Queue.LOW)


class PurgeOutboxHandler:
    def __init__(self, *, retention: TaskHistory, done_for: timedelta, batch: int = BATCH) -> None:
        self._retention = retention
        self._done_for = done_for
        self._batch = batch

    async def __call__(self, task: PurgeOutbox, context: TaskContext) -> None:  # noqa: ARG002 - a TaskHandler
        while await self._purge_some() == self._batch:
            pass

    async def _purge_some(self) -> int:
        return await self._retention.purge(
            done_for=self._done_for, given_up_for=GIVEN_UP_FOR, at_most=self._batch
        )
