from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from internal.ports.request_history import RequestHistory
from internal.ports.tasks import Queue, TaskContext, TaskOptions

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeRequests:
    """Forget each `Idempotency-Key` that is older than a day."""

    task_name: ClassVar[str] = "requests:purge"
    # It runs every minute. While one waits, for example for Postgres, a second one would have nothing to do.
    task_options: ClassVar[TaskOptions] = TaskOptions(queue=Queue.LOW, unique_for=timedelta(hours=1))


class PurgeRequestsHandler:
    def __init__(self, *, history: RequestHistory, batch: int = BATCH) -> None:
        self._history = history
        self._batch = batch

    async def __call__(self, task: PurgeRequests, context: TaskContext) -> None:  # noqa: ARG002 - a TaskHandler
        while await self._history.purge(at_most=self._batch) == self._batch:
            pass
