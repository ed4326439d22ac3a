import asyncio
import os
import socket
from time import monotonic
from typing import Any

import msgspec
import structlog

from internal.infrastructure.taskqueue.connections.connection import OUTAGES, DedicatedConnection
from internal.infrastructure.taskqueue.connections.redis_errors import why
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.worker_session import Session
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.timing import Timing, milliseconds
from internal.infrastructure.taskqueue.worker.in_flight import InFlightTasks
from internal.infrastructure.taskqueue.worker.queue_shares import QueueShares
from internal.infrastructure.taskqueue.worker.statistics_writer import StatisticsWriter

log = structlog.get_logger(__name__)

# Looks for changes between two regular heartbeats.
LOOKS = 5
# Milliseconds.
LARGEST_DRIFT = 1000
# Seconds: the worker has a deadline for its exit.
LEAVE_WITHIN = 0.3


class Heartbeat:
    """Writes to Redis that this worker is up and its event loop runs, with the tasks that it runs.

    It writes regularly and soon after a change, and pauses while Redis is away.
    """

    def __init__(
        self,
        wire: DedicatedConnection,
        *,
        namespace: str,
        session: Session,
        shares: QueueShares,
        in_flight: InFlightTasks,
        concurrency: int,
        statistics: StatisticsWriter,
        timing: Timing,
    ) -> None:
        self._wire = wire
        self._namespace = namespace
        self._session = session
        self._shares = shares
        self._in_flight = in_flight
        self._statistics = statistics
        self._ttl = timing.lease
        self._beat = timing.extend_every.total_seconds()
        self._who: dict[str, Any] = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "concurrency": concurrency,
            "strict": int(shares.is_strict),
        }
        # Milliseconds that Redis' clock is ahead of `monotonic`.
        self._clock: float | None = None
        self._started = monotonic()
        self._written: tuple[Any, ...] = ()
        self._write_at = 0.0

    async def run(self) -> None:
        """Write until cancelled, through any outage."""
        while True:
            if monotonic() >= self._write_at or self._state != self._written:
                try:
                    await self._write()
                    await self._statistics.write_if_due()
                except OUTAGES as error:
                    log.warning("worker.not_registered", reason=why(error))
                except Exception:
                    # A defect, which must not end the worker's work.
                    log.exception("worker.not_registered")
            await asyncio.sleep(self._beat / LOOKS)

    async def leave(self) -> None:
        """Write what is still to be written, and remove the heartbeat."""
        try:
            async with asyncio.timeout(LEAVE_WITHIN):
                await self._statistics.write()
                await scripts.UNREGISTER.call(self._wire, self._namespace, [self._session.worker_id])
        except (TimeoutError, *OUTAGES) as error:
            log.warning("worker.not_unregistered", reason=why(error))

    @property
    def _state(self) -> tuple[Any, ...]:
        running = tuple(sorted(delivery.lease for delivery in self._in_flight.running))
        in_flight = self._in_flight
        takes = in_flight.is_draining, in_flight.is_quiet, in_flight.waits_for
        return *takes, tuple(self._shares.queues), running

    async def _write(self) -> None:
        self._write_at = monotonic() + self._beat
        state, asked = self._state, monotonic()
        is_first = self._clock is None
        request = (
            self._session.worker_id,
            milliseconds(self._ttl),
            self._fields(),
            list(self._shares.queues) if is_first else [],
        )
        now, is_quiet, *pulled_back = await scripts.REGISTER.call(self._wire, self._namespace, request)
        if pulled_back:
            ahead, workers, leases, waiting = pulled_back[0]
            log.warning(
                "redis.clock_corrected", ahead=ahead / 1000, workers=workers, leases=leases, waiting=waiting
            )
        self._in_flight.be_quiet(wanted=bool(is_quiet))
        # The first heartbeat did not know the time yet.
        self._written = () if is_first else state
        self._set_clock(now - asked * 1000)

    def _set_clock(self, clock: float) -> None:
        """Ignore small differences: a task must not seem to have started at another time."""
        if self._clock is None or abs(self._clock - clock) > LARGEST_DRIFT:
            self._clock = clock

    def _fields(self) -> list[Any]:
        in_flight = self._in_flight
        fields = {
            **self._who,
            "queues": msgspec.json.encode(self._shares.weights).decode(),
            # Scripts of an older version must not count on a quiet worker either.
            "draining": int(in_flight.is_draining or in_flight.is_quiet),
            "quiet": int(in_flight.is_quiet and not in_flight.is_draining),
            "waits_for": in_flight.waits_for or "",
        }
        if self._clock is not None:
            fields["started"] = self._moment(self._started)
            running = [self._row(delivery) for delivery in self._in_flight.running]
            fields["running"] = msgspec.json.encode(running).decode()
        return [item for pair in fields.items() for item in pair]

    def _row(self, delivery: Delivery) -> tuple[Any, ...]:
        queue, task_id, _ = delivery.lease
        started = self._moment(delivery.attempt.started_at or monotonic())
        deadline = None if delivery.deadline is None else self._moment(delivery.deadline)
        return task_id, queue, delivery.actor_name, started, deadline

    def _moment(self, seconds: float) -> int:
        """A time of `monotonic` in ms since 1970, on Redis' clock."""
        return round((self._clock or 0) + seconds * 1000)
