"""The state of the system that all pages and all viewers of a process share for a second."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from internal.ports.clock import Clock
from internal.ports.outbox_inspector import OutboxInspector, OutboxStats
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_snapshots import QueueInfo, WorkerInfo
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable

_KEPT_FOR = timedelta(seconds=1)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Queues and workers are None if Redis does not answer; the outbox is None if Postgres does not."""

    at: datetime
    queues: Sequence[QueueInfo] | None
    workers: Sequence[WorkerInfo] | None
    outbox: OutboxStats | None

    def count(self, *states: TaskState) -> int:
        """The number of tasks in these states, in all queues."""
        return sum(queue.sizes.get(state, 0) for queue in self.queues or () for state in states)

    @property
    def slots(self) -> int:
        return sum(worker.concurrency for worker in self.workers or ())


class Snapshots:
    """Many open pages cost as much as one: requests within a second or at the same time share a snapshot."""

    def __init__(self, *, tasks: TaskInspector, outbox: OutboxInspector, clock: Clock) -> None:
        self._tasks = tasks
        self._outbox = outbox
        self._clock = clock
        self._newest: Snapshot | None = None
        self._taking = asyncio.Lock()

    async def newest(self) -> Snapshot:
        async with self._taking:
            if self._newest is None or self._clock.now() - self._newest.at >= _KEPT_FOR:
                self._newest = await self._take()
            return self._newest

    def forget(self) -> None:
        """Let the next page show the effect of an action."""
        self._newest = None

    async def _take(self) -> Snapshot:
        queues, workers, outbox = await asyncio.gather(
            _if_available(self._tasks.queues),
            _if_available(self._tasks.workers),
            _if_available(self._outbox.stats),
        )
        return Snapshot(at=self._clock.now(), queues=queues, workers=workers, outbox=outbox)


async def _if_available(ask: Callable[[], Awaitable[T]]) -> T | None:
    try:
        return await ask()
    except Unavailable:
        return None
