from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from internal.infrastructure.task_codec import EncodedTask, TaskCodec
from internal.infrastructure.taskqueue.enqueuer import Enqueuer, Stored
from internal.infrastructure.taskqueue.entries import Entry, entry_of
from internal.infrastructure.workflows import EncodingTaskPublisher
from internal.ports.clock import Clock
from internal.ports.tasks import (
    Task,
    TaskOptions,
    TaskReceipt,
    TaskState,
)


class DramatiqTaskPublisher(EncodingTaskPublisher):
    """A TaskPublisher, and the outbox's TaskTransport: Dramatiq messages in the engine's Redis layout."""

    def __init__(
        self,
        *,
        enqueuer: Enqueuer,
        codec: TaskCodec,
        queues: Collection[str],
        clock: Clock,
        new_id: Callable[[], UUID],
    ) -> None:
        super().__init__(codec=codec, new_id=new_id)
        self._enqueuer = enqueuer
        self._queues = queues
        self._clock = clock

    def check(self, options: TaskOptions) -> None:
        if options.queue not in self._queues:
            raise ValueError(f"unknown queue {options.queue!r}; the queues are {', '.join(self._queues)}")

    def row(self, task: Task, *, task_id: str, options: TaskOptions) -> Entry:
        """A task as the scripts take it, for who stores it by one of them.

        Raises:
            ValueError: an option cannot be honoured, or the queue is unknown.
            UnknownTask: the task has no route.
        """
        self.check(options)
        encoded = self._codec.encode(task, task_id=task_id, options=options)
        return entry_of(encoded, now=self._clock.now())

    async def send(self, tasks: Sequence[EncodedTask]) -> set[str]:
        stored = await self._store(tasks)
        return {task.id for task, there in zip(tasks, stored, strict=True) if _is_in_the_way(task, there)}

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        return await self._enqueuer.existing(tasks)

    async def close(self) -> None:
        await self._enqueuer.close()

    async def _publish(self, tasks: Sequence[EncodedTask]) -> list[TaskReceipt]:
        stored = await self._store(tasks)
        return [_receipt(task, there) for task, there in zip(tasks, stored, strict=True)]

    async def _store(self, tasks: Sequence[EncodedTask]) -> list[Stored]:
        now = self._clock.now()
        return await self._enqueuer.store([entry_of(task, now=now) for task in tasks])


def _is_in_the_way(task: EncodedTask, there: Stored) -> bool:
    """Whether what was there is not this task itself, sent before.

    It is another if it has an id of its own and an equal payload, or if it has ended: before a task that is
    stored in the ledger ends here, it ends there, and is not sent again.
    """
    return there.was_there and (
        there.id != task.id or there.state in {TaskState.ARCHIVED, TaskState.COMPLETED}
    )


def _receipt(task: EncodedTask, there: Stored) -> TaskReceipt:
    return TaskReceipt(id=there.id, queue=task.options.queue, state=there.state, duplicate=there.was_there)
