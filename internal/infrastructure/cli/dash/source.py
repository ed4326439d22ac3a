"""What all screens read from."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.monitoring.snapshot import Snapshot, Snapshots
from internal.ports.task_snapshots import QueueInfo

# A rate covers this time, or as much of it as the screen is open.
RATE_OVER = timedelta(seconds=10)


class Rates:
    """Attempts that ended per second in each queue, from the counters of today."""

    def __init__(self) -> None:
        self._samples: deque[tuple[datetime, dict[str, int]]] = deque()

    def add(self, at: datetime, queues: Sequence[QueueInfo]) -> None:
        if self._samples and at <= self._samples[-1][0]:
            return
        self._samples.append((at, {queue.name: queue.processed + queue.failed for queue in queues}))
        while len(self._samples) > 2 and self._samples[1][0] <= at - RATE_OVER:  # noqa: PLR2004 - a rate needs two
            self._samples.popleft()

    def of(self, queue: str) -> float | None:
        """None: the queue was seen once, or its counters have started again at midnight UTC."""
        seen = [(at, ended[queue]) for at, ended in self._samples if queue in ended]
        if len(seen) < 2 or seen[-1][1] < seen[0][1]:  # noqa: PLR2004 - a rate needs two
            return None
        return (seen[-1][1] - seen[0][1]) / (seen[-1][0] - seen[0][0]).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """target: the services in use, without passwords."""

    tools: Tools
    snapshots: Snapshots
    target: str
    every: timedelta
    rates: Rates = field(default_factory=Rates)

    @classmethod
    def of(cls, tools: Tools, *, target: str, every: timedelta) -> Self:
        snapshots = Snapshots(tasks=tools.inspector, outbox=tools.outbox, clock=tools.clock)
        return cls(tools=tools, snapshots=snapshots, target=target, every=every)

    async def snapshot(self) -> Snapshot:
        taken = await self.snapshots.newest()
        if taken.queues is not None:
            self.rates.add(taken.at, taken.queues)
        return taken
