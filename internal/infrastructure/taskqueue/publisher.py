from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Unpack
from uuid import UUID

import msgspec

from internal.infrastructure.task_codec import EncodedTask, TaskCodec
from internal.infrastructure.taskqueue import scripts
from internal.infrastructure.taskqueue.broker import NO_DEADLINE
from internal.infrastructure.taskqueue.enqueuer import Enqueuer, Entry, Stored
from internal.infrastructure.taskqueue.ledger import AGAIN, FIRST, OUTBOX
from internal.infrastructure.taskqueue.terms import terms_of
from internal.infrastructure.taskqueue.timing import milliseconds
from internal.ports.clock import Clock
from internal.ports.tasks import Task, TaskOptions, TaskOverrides, TaskReceipt, TaskState, with_options


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

    async def publish_many(self, tasks: Sequence[Task | tuple[Task, TaskOptions]]) -> list[TaskReceipt]:
        pairs = with_options(tasks)
        for _, options in pairs:
            self.check(options)
        encoded = [
            self._codec.encode(task, task_id=options.task_id or str(self._new_id()), options=options)
            for task, options in pairs
        ]
        stored = await self._store(encoded)
        return [_receipt(task, result) for task, result in zip(encoded, stored, strict=True)]

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
        return _entry(encoded, now=self._clock.now())

    async def send(self, tasks: Sequence[EncodedTask]) -> set[str]:
        stored = await self._store(tasks)
        return {task.id for task, there in zip(tasks, stored, strict=True) if _is_in_the_way(task, there)}

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        return await self._enqueuer.existing(tasks)

    async def close(self) -> None:
        await self._enqueuer.close()

    async def _store(self, tasks: Sequence[EncodedTask]) -> list[Stored]:
        now = self._clock.now()
        return await self._enqueuer.store([_entry(task, now=now) for task in tasks])


_encode = msgspec.json.Encoder().encode


def _entry(task: EncodedTask, *, now: datetime) -> Entry:
    options = task.options
    delay, left = 0, NO_DEADLINE
    if options.delay is not None:
        delay = milliseconds(options.delay)
    elif options.process_at is not None:
        delay = max(0, milliseconds(options.process_at - now))
    if options.deadline is not None:
        left = max(0, milliseconds(options.deadline - now))
    message = scripts.text(_encode(_message(task, now=now.timestamp())))
    return (options.queue, task.id, message, delay, left, terms_of(task))


def _message(task: EncodedTask, *, now: float) -> dict[str, Any]:
    """The fields of a Dramatiq message."""
    options: dict[str, Any] = {
        "max_retries": task.options.max_retries,
        "time_limit": milliseconds(task.options.timeout),
    }
    if task.options.headers:
        options["headers"] = dict(task.options.headers)
    if task.options.retention:
        options["retention"] = milliseconds(task.options.retention)
    if task.is_stored:
        options[OUTBOX] = AGAIN if task.was_sent else FIRST
    return {
        "queue_name": task.options.queue,
        "actor_name": task.name,
        "args": (),
        "kwargs": task.payload,
        "options": options,
        "message_id": task.id,
        "message_timestamp": int(now * 1000),
    }


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
