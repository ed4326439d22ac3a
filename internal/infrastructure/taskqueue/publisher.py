import asyncio
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import timedelta
from typing import Any, Unpack
from uuid import UUID

from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker

from internal.infrastructure.task_codec import EncodedTask, TaskCodec
from internal.infrastructure.taskqueue.connection import translated_outages
from internal.ports.clock import Clock
from internal.ports.tasks import Task, TaskOptions, TaskOverrides, TaskReceipt, TaskState, with_options

# What the stock broker has no means for. Refusing is honest; ignoring would look like a promise.
_UNSUPPORTED = frozenset(
    {"task_id", "deadline", "unique_for", "unique_key", "retention", "max_running", "rate"}
)
# Threads that may wait for Redis at once: a frozen Redis holds this many, and no more.
MAX_WAITING_THREADS = 8


class UnsupportedTaskOption(ValueError):
    """The task queue cannot honour an option."""


class DramatiqTaskPublisher:
    """A TaskPublisher, and the outbox's TaskTransport, on Dramatiq's Redis broker."""

    def __init__(
        self,
        *,
        broker: RedisBroker,
        codec: TaskCodec,
        queues: Collection[str],
        clock: Clock,
        new_id: Callable[[], UUID],
    ) -> None:
        self._broker = broker
        self._codec = codec
        self._queues = queues
        self._clock = clock
        self._new_id = new_id
        self._threads = ThreadPoolExecutor(MAX_WAITING_THREADS, thread_name_prefix="publisher")

    async def publish(self, task: Task, **overrides: Unpack[TaskOverrides]) -> TaskReceipt:
        [receipt] = await self.publish_many([(task, task.task_options.override(overrides))])
        return receipt

    async def publish_many(self, tasks: Sequence[Task | tuple[Task, TaskOptions]]) -> list[TaskReceipt]:
        pairs = with_options(tasks)
        for _, options in pairs:
            self.check(options)
        encoded = [
            self._codec.encode(task, task_id=str(self._new_id()), options=options) for task, options in pairs
        ]
        await self.send(encoded)
        return [self._receipt(task) for task in encoded]

    def check(self, options: TaskOptions) -> None:
        if options.queue not in self._queues:
            raise ValueError(f"unknown queue {options.queue!r}; the queues are {', '.join(self._queues)}")
        given = {field.name for field in fields(options) if getattr(options, field.name) != field.default}
        if refused := sorted(given & _UNSUPPORTED):
            raise UnsupportedTaskOption(f"not supported by this task queue: {', '.join(refused)}")

    async def send(self, tasks: Sequence[EncodedTask]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, self._enqueue_all, tasks)

    def close(self) -> None:
        self._broker.client.close()

    def _enqueue_all(self, tasks: Sequence[EncodedTask]) -> None:
        with translated_outages():
            for task in tasks:
                self._broker.enqueue(_to_message(task), delay=self._remaining_delay(task.options))

    def _remaining_delay(self, options: TaskOptions) -> int | None:
        """Milliseconds until the task may start, or None for at once."""
        delay = options.delay
        if options.process_at is not None:
            delay = options.process_at - self._clock.now()
        return _milliseconds(delay) if delay is not None and delay > timedelta(0) else None

    def _receipt(self, task: EncodedTask) -> TaskReceipt:
        delayed = self._remaining_delay(task.options) is not None
        return TaskReceipt(
            id=task.id,
            queue=task.options.queue,
            state=TaskState.SCHEDULED if delayed else TaskState.PENDING,
            duplicate=False,
        )


def _to_message(task: EncodedTask) -> Message[Any]:
    return Message(
        queue_name=task.options.queue,
        actor_name=task.name,
        args=(),
        kwargs=task.payload,
        options={
            "max_retries": task.options.max_retries,
            "time_limit": _milliseconds(task.options.timeout),
            "headers": dict(task.options.headers),
        },
        message_id=task.id,
    )


def _milliseconds(duration: timedelta) -> int:
    return round(duration / timedelta(milliseconds=1))
