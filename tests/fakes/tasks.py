from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Unpack

from internal.ports.tasks import Queue, Task, TaskOptions, TaskOverrides, TaskReceipt, TaskState, with_options


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTask:
    id: str
    task: Task
    options: TaskOptions


class FakeTaskPublisher:
    """Keeps what was published. `unsupported` names the options that it cannot honour.

    With `stores=True` its receipts are those of a unit of work: stored, not yet on a queue.
    """

    def __init__(self, *, unsupported: Collection[str] = (), stores: bool = False) -> None:
        self._unsupported = unsupported
        self._stores = stores
        self._ids = count(1)
        self.published: list[PublishedTask] = []

    async def publish(self, task: Task, **overrides: Unpack[TaskOverrides]) -> TaskReceipt:
        [receipt] = await self.publish_many([(task, task.task_options.override(overrides))])
        return receipt

    async def publish_many(self, tasks: Sequence[Task | tuple[Task, TaskOptions]]) -> list[TaskReceipt]:
        pairs = with_options(tasks)
        for _, options in pairs:
            self._check(options)
        published = [
            PublishedTask(id=f"task-{next(self._ids)}", task=task, options=options) for task, options in pairs
        ]
        self.published.extend(published)
        return [self._receipt(task) for task in published]

    def _check(self, options: TaskOptions) -> None:
        if options.queue not in set(Queue):
            raise ValueError(f"unknown queue {options.queue!r}")
        for name in self._unsupported:
            if getattr(options, name) != getattr(TaskOptions(), name):
                raise ValueError(f"{name} is not supported")

    def _receipt(self, task: PublishedTask) -> TaskReceipt:
        waits = task.options.delay is not None or task.options.process_at is not None
        return TaskReceipt(
            id=task.id,
            queue=task.options.queue,
            state=TaskState.STORED if self._stores else TaskState.SCHEDULED if waits else TaskState.PENDING,
            duplicate=None if self._stores else False,
        )
