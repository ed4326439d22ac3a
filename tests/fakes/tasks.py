from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Unpack

from internal.ports.tasks import (
    MOST_MEMBERS,
    MOST_STEPS,
    Publication,
    Queue,
    Task,
    TaskOptions,
    TaskOverrides,
    TaskReceipt,
    TaskState,
    with_options,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTask:
    id: str
    task: Task
    options: TaskOptions


class FakeTaskPublisher:
    """Keeps published tasks except duplicates. No task ever ends.

    With `stores=True` its receipts are those of a unit of work: stored, not yet on a queue.
    """

    def __init__(self, *, stores: bool = False) -> None:
        self._stores = stores
        self._ids = count(1)
        self.published: list[PublishedTask] = []
        self.following: dict[str, list[Task]] = {}  # by the id of the task that they follow

    async def publish(self, task: Task, **overrides: Unpack[TaskOverrides]) -> TaskReceipt:
        [receipt] = await self.publish_many([(task, task.task_options.override(overrides))])
        return receipt

    async def publish_many(self, tasks: Sequence[Publication]) -> list[TaskReceipt]:
        pairs = with_options(tasks)
        for _, options in pairs:
            self._check(options)
        return [self._publish(task, options) for task, options in pairs]

    async def publish_chain(
        self, steps: Sequence[Publication], *, on_failure: Publication | None = None
    ) -> TaskReceipt:
        if not 1 <= len(steps) <= MOST_STEPS:
            raise ValueError(f"a chain needs at least one step and has {MOST_STEPS} at most")
        first, *later = with_options(steps)
        followers = [*later, *with_options([on_failure] if on_failure else [])]
        self._check_followers(followers)
        [receipt] = await self.publish_many([first])
        self.following[receipt.id] = [task for task, _ in followers]
        return receipt

    async def publish_group(
        self,
        tasks: Sequence[Publication],
        *,
        then: Publication | None = None,
        on_failure: Publication | None = None,
    ) -> list[TaskReceipt]:
        if not 1 <= len(tasks) <= MOST_MEMBERS:
            raise ValueError(f"a group needs at least one task and has {MOST_MEMBERS} at most")
        if any(options.task_id or options.unique_for for _, options in with_options(tasks)):
            raise ValueError("a task of a group has neither task_id nor unique_for")
        followers = with_options([task for task in (then, on_failure) if task])
        self._check_followers(followers)
        receipts = await self.publish_many(tasks)
        self.following |= {receipt.id: [task for task, _ in followers] for receipt in receipts}
        return receipts

    def _check_followers(self, followers: Sequence[tuple[Task, TaskOptions]]) -> None:
        for _, options in followers:
            self._check(options)
            if options.process_at or options.deadline:
                raise ValueError("a task that follows others has no process_at and no deadline")

    def _check(self, options: TaskOptions) -> None:
        if options.queue not in set(Queue):
            raise ValueError(f"unknown queue {options.queue!r}")

    def _publish(self, task: Task, options: TaskOptions) -> TaskReceipt:
        new = PublishedTask(id=options.task_id or f"task-{next(self._ids)}", task=task, options=options)
        there = next((other for other in self.published if _is_duplicate(new, other)), None)
        if there is None:
            self.published.append(new)
        if self._stores and not (there and there.id == new.id):  # known when it is forwarded
            return self._receipt(there or new, duplicate=None)
        return self._receipt(there or new, duplicate=there is not None)

    def _receipt(self, task: PublishedTask, *, duplicate: bool | None) -> TaskReceipt:
        waits = task.options.delay is not None or task.options.process_at is not None
        return TaskReceipt(
            id=task.id,
            queue=task.options.queue,
            state=TaskState.STORED if self._stores else TaskState.SCHEDULED if waits else TaskState.PENDING,
            duplicate=duplicate,
        )


def _is_duplicate(new: PublishedTask, other: PublishedTask) -> bool:
    same_queue = new.options.queue == other.options.queue
    both_unique = bool(new.options.unique_for and other.options.unique_for)
    return new.id == other.id or (same_queue and both_unique and _identity(new) == _identity(other))


def _identity(published: PublishedTask) -> object:
    return published.options.unique_key or (published.task.task_name, published.task)
