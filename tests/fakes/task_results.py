import asyncio
from datetime import timedelta

from internal.ports.task_inspector import TaskNotFound
from internal.ports.task_results import NotEnded, TaskResult


class FakeTaskResults:
    """What the test puts in: results by (queue, id), and which of the tasks have no retention."""

    def __init__(self) -> None:
        self.by_task: dict[tuple[str, str], TaskResult] = {}
        self.not_kept: set[str] = set()
        self._changed = asyncio.Event()

    def put(self, queue: str, task_id: str, result: TaskResult | None) -> None:
        """None is a task that is gone."""
        if result:
            self.by_task[queue, task_id] = result
        else:
            del self.by_task[queue, task_id]
        self._changed.set()

    async def result(self, queue: str, task_id: str) -> TaskResult:
        try:
            return self.by_task[queue, task_id]
        except KeyError:
            raise TaskNotFound(f"no task {task_id!r} on queue {queue!r}") from None

    async def wait(self, queue: str, task_id: str, *, within: timedelta) -> TaskResult:
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self._until_ended(queue, task_id)
        except TimeoutError:
            pass
        result = await self.result(queue, task_id)
        if not result.has_ended:
            raise NotEnded(f"task {task_id!r} has not ended")
        return result

    async def _until_ended(self, queue: str, task_id: str) -> None:
        was_there = False
        while True:
            found = self.by_task.get((queue, task_id))
            if found.has_ended if found else was_there:
                return
            if found and task_id in self.not_kept:
                raise ValueError(f"task {task_id!r} has no retention")
            was_there = found is not None
            self._changed.clear()
            await self._changed.wait()
