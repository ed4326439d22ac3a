from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Self
from uuid import UUID

from internal.domain.events import UserDeleted
from internal.ports.task_inspector import TaskAction, TaskInspector, TaskNotFound
from internal.ports.tasks import RetryLater, TaskContext, TaskOptions
from internal.ports.unit_of_work import UnitOfWork

BATCH = 500
# A task that is running now may send an email for some minutes. Its message is deleted after that.
AGAIN_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseTraces:
    """Remove what a deleted account has left: personal data in security events, and tasks in the queues."""

    task_name: ClassVar[str] = "accounts:erase-traces"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    # A field `user_id` would make this one of the tasks that it deletes.
    deleted_user_id: UUID

    @classmethod
    def on(cls, event: UserDeleted) -> Self:
        return cls(deleted_user_id=event.user_id)


class EraseTracesHandler:
    def __init__(self, *, uow: UnitOfWork, task_inspector: TaskInspector, batch: int = BATCH) -> None:
        self._uow = uow
        self._task_inspector = task_inspector
        self._batch = batch

    async def __call__(self, task: EraseTraces, context: TaskContext) -> None:  # noqa: ARG002 - a TaskHandler
        """Raise RetryLater while one of the user's tasks is running."""
        while await self._anonymise_some(task.deleted_user_id) == self._batch:
            pass
        ids_by_queue = await self._erase_tasks(task.deleted_user_id)
        left = [
            await self._delete(queue, ids) for queue, each in ids_by_queue.items() for ids in self._cut(each)
        ]
        if any(left):
            raise RetryLater(AGAIN_AFTER)

    async def _anonymise_some(self, user_id: UUID) -> int:
        async with self._uow as uow:
            changed = await uow.security_events.anonymise(user_id, at_most=self._batch)
            await uow.commit()
        return changed

    async def _erase_tasks(self, user_id: UUID) -> Mapping[str, Sequence[str]]:
        """Erase again what requests stored that were in progress. Return all ids, by queue."""
        ids: dict[str, list[str]] = defaultdict(list)
        async with self._uow as uow:
            await uow.user_tasks.erase(user_id)
            for stored in await uow.user_tasks.of(user_id):
                ids[stored.queue].append(stored.id)
            await uow.commit()
        return ids

    def _cut(self, ids: Sequence[str]) -> Sequence[Sequence[str]]:
        return [ids[first : first + self._batch] for first in range(0, len(ids), self._batch)]

    async def _delete(self, queue: str, ids: Sequence[str]) -> bool:
        """Delete the tasks in whatever state they are. Returns whether some of them are still there."""
        result = await self._task_inspector.act(TaskAction.DELETE, queue, ids)
        return any([await self._exists(queue, task_id) for task_id in result.refused])

    async def _exists(self, queue: str, task_id: str) -> bool:
        try:
            await self._task_inspector.task(queue, task_id)
        except TaskNotFound:
            return False
        return True
