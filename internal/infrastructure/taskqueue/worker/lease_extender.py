import asyncio
from contextlib import suppress

from internal.infrastructure.taskqueue.connections.connection import OUTAGES
from internal.infrastructure.taskqueue.delivery.settlements import extend_request, read_extension
from internal.infrastructure.taskqueue.delivery.worker_session import Session
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.worker.connection_state import ConnectionState
from internal.infrastructure.taskqueue.worker.in_flight import InFlightTasks

# Seconds.
FAREWELL_WITHIN = 2.0


class LeaseExtender:
    """Extends the leases of all tasks in flight, and hears which ones are lost or cancelled."""

    def __init__(
        self,
        state: ConnectionState,
        *,
        session: Session,
        in_flight: InFlightTasks,
        timing: Timing,
    ) -> None:
        self._session = session
        self._in_flight = in_flight
        self._state = state
        self._timing = timing

    async def run(self) -> None:
        """Extend regularly until cancelled; during an outage the fetcher does it as soon as it can."""
        while True:
            await asyncio.sleep(self._timing.extend_every.total_seconds())
            if not (self._in_flight.is_empty or self._state.outage):
                try:
                    await self._extend(reconcile=False)
                except OUTAGES as error:
                    self._state.broke(error)

    async def reconcile(self) -> None:
        """Name all tasks in flight, and have Redis take back the ones that it handed out in a lost reply."""
        self._session.begin_epoch()
        await self._extend(reconcile=True)

    async def leave(self) -> None:
        """Have Redis take back what it hands out in a reply that nobody waits for any more."""
        with suppress(*OUTAGES):
            async with asyncio.timeout(FAREWELL_WITHIN):
                await self.reconcile()

    async def _extend(self, *, reconcile: bool) -> None:
        request = extend_request(
            self._session, self._in_flight.held, reconcile=reconcile, timing=self._timing
        )
        extension = read_extension(await self._state.call(scripts.EXTEND, request), request)
        self._in_flight.lose(extension.lost)
        self._in_flight.cancel(extension.cancelled)
