from collections.abc import Collection, Sequence
from typing import Unpack

from internal.infrastructure.taskqueue.protocol.stored_message import StoredMessage, to_stored_message
from internal.infrastructure.taskqueue.protocol.timing import MOST_BYTES
from internal.infrastructure.taskqueue.publishing.enqueuer import Enqueuer, Stored
from internal.infrastructure.tasks.encoded_task import EncodedTask, and_all_that_follow
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.infrastructure.tasks.transport import TaskRefused
from internal.ports.clock import Clock
from internal.ports.tasks import (
    Publication,
    Task,
    TaskOptions,
    TaskOverrides,
    TaskReceipt,
    TaskState,
)


class DramatiqTaskPublisher:
    """Enqueues tasks to Redis, as a TaskPublisher and as the TaskTransport of the outbox.

    Refuses a task that has more than `most_bytes`, with everything that may follow it.
    """

    def __init__(
        self,
        *,
        enqueuer: Enqueuer,
        encoder: TaskEncoder,
        queues: Collection[str],
        clock: Clock,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._enqueuer = enqueuer
        self._encoder = encoder
        self._queues = queues
        self._most_bytes = most_bytes
        self._clock = clock

    async def publish(self, task: Task, **overrides: Unpack[TaskOverrides]) -> TaskReceipt:
        [receipt] = await self.publish_many([(task, task.task_options.override(overrides))])
        return receipt

    async def publish_many(self, tasks: Sequence[Publication]) -> list[TaskReceipt]:
        return await self._store(self._encoder.encode_many(tasks))

    async def publish_chain(
        self, steps: Sequence[Publication], *, on_failure: Publication | None = None
    ) -> TaskReceipt:
        [receipt] = await self._store([self._encoder.encode_chain(steps, on_failure=on_failure)])
        return receipt

    async def publish_group(
        self,
        tasks: Sequence[Publication],
        *,
        then: Publication | None = None,
        on_failure: Publication | None = None,
    ) -> list[TaskReceipt]:
        return await self._store(self._encoder.encode_group(tasks, then=then, on_failure=on_failure))

    def check(self, tasks: Sequence[EncodedTask]) -> None:
        self._stored_messages(tasks)

    def encode(self, task: Task, *, task_id: str, options: TaskOptions) -> StoredMessage:
        """Encode a task for a script that stores it.

        Raises:
            ValueError: an option is invalid, the queue is unknown, or the task cannot be stored.
            UnknownTask: the task has no route.
        """
        [message] = self._stored_messages([self._encoder.encode_as(task, task_id=task_id, options=options)])
        return message

    async def send(self, tasks: Sequence[EncodedTask]) -> set[str]:
        """Send tasks without `check`: a newer version may have stored them with other queues or sizes."""
        now = self._clock.now()
        stored = await self._enqueuer.store([to_stored_message(task, now=now) for task in tasks])
        return {task.id for task, there in zip(tasks, stored, strict=True) if _is_in_the_way(task, there)}

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        return await self._enqueuer.existing(tasks)

    async def close(self) -> None:
        await self._enqueuer.close()

    async def _store(self, tasks: Sequence[EncodedTask]) -> list[TaskReceipt]:
        stored = await self._enqueuer.store(self._stored_messages(tasks))
        return [_receipt(there) for there in stored]

    def _stored_messages(self, tasks: Sequence[EncodedTask]) -> list[StoredMessage]:
        """Raises ValueError if one of the tasks cannot be published."""
        now = self._clock.now()
        messages = []
        for task in tasks:
            for each in (task,) if task.followers is None else and_all_that_follow(task):
                if (queue := each.options.queue) not in self._queues:
                    raise TaskRefused(f"unknown queue {queue!r}; the queues are {', '.join(self._queues)}")
            message = to_stored_message(task, now=now)
            if (size := message.size) > self._most_bytes:
                whole = f"task {task.name}, with all that follows it,"
                raise TaskRefused(f"{whole} has {size} bytes; the most is {self._most_bytes}")
            messages.append(message)
        return messages


def _is_in_the_way(task: EncodedTask, there: Stored) -> bool:
    """Tell if Redis had another task instead, or this one after its end.

    It is another task if it has another id and an equal payload, or is on another queue. This task itself is
    sent again only until its row is closed, and that happens before the task ends here.
    """
    is_itself = (there.queue, there.id) == (task.options.queue, task.id)
    return there.was_there and (not is_itself or there.state in {TaskState.ARCHIVED, TaskState.COMPLETED})


def _receipt(there: Stored) -> TaskReceipt:
    return TaskReceipt(id=there.id, queue=there.queue, state=there.state, duplicate=there.was_there)
