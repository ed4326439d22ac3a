from collections.abc import Callable, Collection, Sequence
from typing import Unpack
from uuid import UUID

from internal.infrastructure.task_codec import EncodedTask, TaskCodec
from internal.infrastructure.taskqueue.enqueuer import Enqueuer, Stored
from internal.infrastructure.taskqueue.entries import Entry, entry_of
from internal.infrastructure.workflows import chain, group
from internal.ports.clock import Clock
from internal.ports.tasks import (
    Publication,
    Task,
    TaskOptions,
    TaskOverrides,
    TaskReceipt,
    TaskState,
    with_options,
)


class DramatiqTaskPublisher:
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
        self._enqueuer = enqueuer
        self._codec = codec
        self._queues = queues
        self._clock = clock
        self._new_id = new_id

    async def publish(self, task: Task, **overrides: Unpack[TaskOverrides]) -> TaskReceipt:
        [receipt] = await self.publish_many([(task, task.task_options.override(overrides))])
        return receipt

    async def publish_many(self, tasks: Sequence[Publication]) -> list[TaskReceipt]:
        return await self._publish([self._encode(task, options) for task, options in with_options(tasks)])

    async def publish_chain(
        self, steps: Sequence[Publication], *, on_failure: Publication | None = None
    ) -> TaskReceipt:
        first = chain(steps, on_failure=on_failure, encode_first=self._encode, encode_follower=self._encode)
        [receipt] = await self._publish([first])
        return receipt

    async def publish_group(
        self,
        tasks: Sequence[Publication],
        *,
        then: Publication | None = None,
        on_failure: Publication | None = None,
    ) -> list[TaskReceipt]:
        members = group(
            tasks,
            then=then,
            on_failure=on_failure,
            group_id=str(self._new_id()),
            encode_member=self._encode,
            encode_follower=self._encode,
        )
        return await self._publish(members)

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

    def _encode(self, task: Task, options: TaskOptions) -> EncodedTask:
        self.check(options)
        return self._codec.encode(task, task_id=options.task_id or str(self._new_id()), options=options)

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
