from time import monotonic

import structlog

from internal.infrastructure.taskqueue.connections.connection import OUTAGES, DedicatedConnection
from internal.infrastructure.taskqueue.connections.redis_errors import is_full, why
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.worker.statistics import Statistics

log = structlog.get_logger(__name__)


class StatisticsWriter:
    """Writes the statistics of a worker to Redis, with its regular heartbeats. Nothing waits for them.

    A full Redis refuses them. Then the finest statistics are deleted, because tasks need the room.
    """

    def __init__(
        self,
        wire: DedicatedConnection,
        *,
        namespace: str,
        worker_id: str,
        statistics: Statistics,
        beat: float,
    ) -> None:
        self._wire = wire
        self._namespace = namespace
        self._worker_id = worker_id
        self._statistics = statistics
        self._beat = beat
        self._write_at = 0.0
        self._reason = ""

    async def write_if_due(self) -> None:
        if monotonic() >= self._write_at:
            self._write_at = monotonic() + self._beat
            await self.write()

    async def write(self) -> None:
        """Write what was counted. If Redis does not answer, it is written again the next time."""
        batch = self._statistics.take()
        if batch is None:
            return
        reason = ""
        try:
            await scripts.ADD_STATISTICS.call(self._wire, self._namespace, (self._worker_id, *batch))
            self._statistics.done()
        except OUTAGES as error:
            reason = why(error)
            if is_full(error):
                await self._make_room()
        if reason and reason != self._reason:
            log.warning("statistics.not_written", reason=reason)
        self._reason = reason

    async def _make_room(self) -> None:
        self._statistics.done()
        try:
            dropped = await scripts.DROP_STATISTICS.call(self._wire, self._namespace, [])
        except OUTAGES:
            return
        if dropped:
            log.warning("statistics.dropped", periods=dropped)
