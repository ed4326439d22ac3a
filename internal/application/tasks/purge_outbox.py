from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from internal.ports.task_history import TaskHistory
from internal.ports.tasks import Queue, TaskContext, TaskOptions

# A day longer than a queue keeps an archived task: an operator can run it again until then, and a task
# without its row does not run.
ARCHIVED_FOR = timedelta(days=91)
BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeOutbox:
    """Forget the payloads of tasks that ended long ago."""

    task_name: ClassVar[str] = "outbox:purge"
    task_options: ClassVar[TaskOptions] = TaskOptions(queue=Queue.LOW)


class PurgeOutboxHandler:
    def __init__(self, *, history: TaskHistory, done_for: timedelta, batch: int = BATCH) -> None:
        self._history = history
        self._done_for = done_for
        self._batch = batch

    async def __call__(self, task: PurgeOutbox, context: TaskContext) -> None:  # noqa: ARG002 - a TaskHandler
        while await self._purge_some() == self._batch:
            pass

    async def _purge_some(self) -> int:
        return await self._history.purge(
            done_for=self._done_for, archived_for=ARCHIVED_FOR, at_most=self._batch
        )
