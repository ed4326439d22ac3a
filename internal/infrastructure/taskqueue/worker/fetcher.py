import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from internal.infrastructure.taskqueue.connections.connection import OUTAGES
from internal.infrastructure.taskqueue.connections.redis_errors import why
from internal.infrastructure.taskqueue.delivery.arrivals import Fetched, read_fetch
from internal.infrastructure.taskqueue.delivery.settlements import (
    Demand,
    FetchRequest,
    Settlement,
    fetch_request,
)
from internal.infrastructure.taskqueue.delivery.worker_session import Session
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.fetch_size import FetchSize
from internal.infrastructure.taskqueue.protocol.refused_followers import warn_of_refused
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.worker.connection_state import ConnectionState
from internal.infrastructure.taskqueue.worker.in_flight import InFlightTasks
from internal.infrastructure.taskqueue.worker.lease_extender import LeaseExtender
from internal.infrastructure.taskqueue.worker.queue_shares import QueueShares
from internal.infrastructure.taskqueue.worker.settlement_queue import SettlementQueue
from internal.infrastructure.taskqueue.worker.wake_listener import LONGEST_PAUSE, SHORTEST_PAUSE, WakeListener

log = structlog.get_logger(__name__)


class Fetcher:
    """The conversation of a worker process with Redis: settle tasks that have ended, fetch new ones.

    One call does both, again and again; outcomes of tasks that end during a call wait for the next one. If
    there is nothing to do, the fetcher waits for a wake token, the next due time or an outcome.
    """

    def __init__(
        self,
        state: ConnectionState,
        *,
        session: Session,
        shares: QueueShares,
        settlements: SettlementQueue,
        in_flight: InFlightTasks,
        wake_listener: WakeListener,
        lease_extender: LeaseExtender,
        timing: Timing,
    ) -> None:
        self._session = session
        self._shares = shares
        self._settlements = settlements
        self._in_flight = in_flight
        self._wake_listener = wake_listener
        self._lease_extender = lease_extender
        self._state = state
        self._timing = timing
        self._beat = timing.extend_every.total_seconds()
        self._size = FetchSize()
        self._asking = asyncio.Lock()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            if self._state.outage:
                await self._recover(self._state.outage)
            try:
                await self._turn()
            except OUTAGES as error:
                self._state.broke(error)
            except Exception as error:
                # A defect, after which the worker must go on.
                log.exception("fetcher.failed")
                self._state.broke(error)

    async def answered(self) -> None:
        """Wait for the reply to the current call; a worker that takes no more hands all of it back."""
        async with self._asking:
            pass

    async def _turn(self) -> None:
        self._state.has_changed.clear()
        demand = self._in_flight.demand
        if not demand.total and self._settlements.is_empty and not self._wake_listener.was_woken:
            await self._state.has_changed.wait()
            return
        self._wake_listener.forget_token()
        fetched = await self._settle_and_fetch(demand)
        self._in_flight.admit(fetched)
        if demand.total and not fetched.tasks and self._settlements.is_empty:
            due_in = self._beat if fetched.due_in is None else fetched.due_in
            await self._wake_listener.wait(min(due_in, self._beat))

    async def _settle_and_fetch(self, demand: Demand) -> Fetched:
        settlements = self._settlements.take()
        request = self._request(settlements, demand)
        async with self._asking:
            try:
                reply = await self._state.call(scripts.SETTLE_AND_FETCH, request)
            except BaseException:
                self._settlements.put_back(settlements)
                self._size.missed()
                raise
        fetched = self._read(reply, request)
        self._settlements.confirm(settlements, rejected=fetched.rejected)
        return fetched

    def _request(self, settlements: Sequence[Settlement], demand: Demand) -> FetchRequest:
        return fetch_request(
            self._session.next_call(),
            settlements,
            queues=self._shares.rows,
            is_strict=self._shares.is_strict,
            demand=demand,
            size=self._size,
            timing=self._timing,
        )

    def _read(self, reply: Any, request: FetchRequest) -> Fetched:
        fetched = read_fetch(reply, token=request.token)
        self._shares.owe(request.queues, fetched.credits)
        self._size.arrived(tasks=fetched.tasks, size=fetched.size)
        warn_of_refused(fetched.refused_followers)
        return fetched

    async def _recover(self, outage: BaseException) -> None:
        """Reach Redis again, and reconcile with it."""
        reason = None
        pause = SHORTEST_PAUSE
        while True:
            if reason != (reason := why(outage)):
                log.warning("taskqueue.unreachable", reason=reason)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                await self._lease_extender.reconcile()
            except OUTAGES as error:
                outage = error
            else:
                break
        self._state.recovered()
        log.info("taskqueue.reachable")
