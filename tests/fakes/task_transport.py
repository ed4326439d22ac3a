import asyncio
from collections.abc import Collection, Sequence

from internal.infrastructure.tasks.encoded_task import EncodedTask, and_all_that_follow
from internal.infrastructure.tasks.transport import TaskRefused
from internal.ports.tasks import Queue
from internal.ports.unavailable import Unavailable


class FakeTaskTransport:
    """Keeps the tasks that it is sent. No task runs.

    down, failure: it cannot be reached, and raises this.
    sent: the ids of all tasks that it was sent, in order, duplicates included.
    has: the queue of each task that it has, by the task's id.
    ended: the ids of those that have ended.
    """

    def __init__(
        self,
        *,
        queues: Collection[str] = tuple(Queue),
        down: bool = False,
        failure: type[Exception] = Unavailable,
    ) -> None:
        self._queues = queues
        self._failure = failure
        self._holders: dict[tuple[str, str], str] = {}
        self.down = down
        self.sent: list[str] = []
        self.has: dict[str, str] = {}
        self.ended: set[str] = set()
        self.has_failed = asyncio.Event()
        self.has_sent = asyncio.Event()

    def check(self, tasks: Sequence[EncodedTask]) -> None:
        for task in tasks:
            for each in and_all_that_follow(task):
                if each.options.queue not in self._queues:
                    raise TaskRefused(f"unknown queue {each.options.queue!r}")

    async def send(self, tasks: Sequence[EncodedTask]) -> set[str]:
        self._require_connection()
        duplicates = set()
        for task in tasks:
            if self._is_duplicate(task):
                duplicates.add(task.id)
            else:
                self.has[task.id] = task.options.queue
        self.sent.extend(task.id for task in tasks)
        self.has_sent.set()
        return duplicates

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        self._require_connection()
        return {task_id for queue, task_id in tasks if self.has.get(task_id) == queue}

    def _require_connection(self) -> None:
        if self.down:
            self.has_failed.set()
            raise self._failure

    def _is_duplicate(self, task: EncodedTask) -> bool:
        queue = task.options.queue
        is_elsewhere = task.options.task_id is not None and self.has.get(task.id, queue) != queue
        if task.id in self.ended or is_elsewhere:
            return True
        if task.options.unique_for is None:
            return False
        lock = (queue, task.options.unique_key or f"{task.name} {task.payload}")
        return self._holders.setdefault(lock, task.id) != task.id
