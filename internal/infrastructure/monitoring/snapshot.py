"""The state of the system that all pages and all viewers of a process share for a second."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from internal.infrastructure.monitoring.shared import Shared, if_available
from internal.ports.clock import Clock
from internal.ports.outbox_inspector import OutboxInspector, OutboxStats
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_snapshots import QueueInfo, WorkerInfo
from internal.ports.tasks import TaskState


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
    def __init__(self, *, tasks: TaskInspector, outbox: OutboxInspector, clock: Clock) -> None:
        self._tasks = tasks
        self._outbox = outbox
        self._clock = clock
        self._shared = Shared(self._take, clock=clock)

    async def newest(self) -> Snapshot:
        return await self._shared.newest()

    def forget(self) -> None:
        """Let the next page show the effect of an action."""
        self._shared.forget()

    async def _take(self) -> Snapshot:
        queues, workers, outbox = await asyncio.gather(
            if_available(self._tasks.queues),
            if_available(self._tasks.workers),
            if_available(self._outbox.stats),
        )
        return Snapshot(at=self._clock.now(), queues=queues, workers=workers, outbox=outbox)
