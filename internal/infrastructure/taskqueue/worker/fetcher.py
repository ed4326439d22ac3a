import asyncio
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context
from typing import Any

import structlog
from redis.asyncio import ConnectionPool

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import OUTAGES, TIMEOUT, DedicatedConnection
from internal.infrastructure.taskqueue.connections.error_reasons import why
from internal.infrastructure.taskqueue.connections.patience import Patience
from internal.infrastructure.taskqueue.delivery.arrivals import Fetched, read_fetch
from internal.infrastructure.taskqueue.delivery.session import Session
from internal.infrastructure.taskqueue.delivery.settlements import (
    Demand,
    FetchRequest,
    Settlement,
    extend_request,
    fetch_request,
    read_extension,
)
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.fetch_size import FetchSize
from internal.infrastructure.taskqueue.protocol.refused_followers import warn_of_refused
from internal.infrastructure.taskqueue.worker.cancel_listener import CancelListener
from internal.infrastructure.taskqueue.worker.heartbeat import Heartbeat
from internal.infrastructure.taskqueue.worker.in_flight import InFlightTasks
from internal.infrastructure.taskqueue.worker.queue_shares import QueueShares
from internal.infrastructure.taskqueue.worker.threads import WorkerThreads
from internal.infrastructure.tasks.completion_log import CompletionLog

log = structlog.get_logger(__name__)

SHORTEST_PAUSE = 0.05  # seconds between attempts to reach Redis, doubled up to
LONGEST_PAUSE = 1.0
FAREWELL_WITHIN = 2.0
# Seconds that an idle connection has to answer, or some round trips.
ANSWERS_WITHIN_AT_LEAST = 1.0
# Seconds in which an idle worker waits on one connection, before it makes sure that this leads to the master.
LISTEN_FOR = 0.8


class Fetcher:
    """The one conversation of a worker process with Redis: settle what has ended, fetch what can start.

    One call does both, again and again; what ends during a call is the next call's batch. Where there is
    nothing to do it waits for a wake token, the next due time or an outcome, whichever comes first. After
    an error it tells Redis everything that it holds, and Redis takes back the rest.
    """

    def __init__(
        self,
        broker: RedisBroker,
        *,
        session: Session,
        shares: QueueShares,
        pool: ConnectionPool,
        threads: WorkerThreads,
        concurrency: int,
        completion_log: CompletionLog | None,
        context: Context,
    ) -> None:
        self._namespace = broker.namespace
        self._beat = broker.timing.extend_every.total_seconds()
        self._timing = broker.timing
        self._session = session
        self._shares = shares
        self._size = FetchSize()
        self._own_wake = f"{self._namespace}:wake:{session.worker_id}"
        patience = Patience(least=ANSWERS_WITHIN_AT_LEAST, most=TIMEOUT)
        self._wire = DedicatedConnection(pool, patience=patience)
        self._bell = DedicatedConnection(pool, patience=patience)
        self._signal = asyncio.Event()
        self._is_hungry = asyncio.Event()
        self._asking = asyncio.Lock()
        self._was_woken = False
        self._outage: BaseException | None = None
        self.in_flight = InFlightTasks(
            broker,
            threads=threads,
            concurrency=concurrency,
            completion_log=completion_log,
            context=context,
            changed=self._signal.set,
        )
        self._cancel_listener = CancelListener(
            pool,
            namespace=self._namespace,
            silence=max(self._beat, TIMEOUT),
            heard=self.in_flight.cancel,
        )
        self._heartbeat = Heartbeat(
            self._wire,
            namespace=self._namespace,
            session=session,
            shares=shares,
            in_flight=self.in_flight,
            concurrency=concurrency,
            timing=broker.timing,
        )

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._converse())
            group.create_task(self._listen())
            group.create_task(self._extend_regularly())
            group.create_task(self._cancel_listener.listen())
            group.create_task(self._heartbeat.run())

    async def look_anew(self) -> None:
        """Serve the queues that are declared by now, whose tokens nobody waits for yet.

        It is woken by a token of its own, in Redis: so it makes no difference when this arrives, and no
        token of a task is lost.
        """
        self._was_woken = True
        self._signal.set()
        with suppress(*OUTAGES):  # after one it looks anyway
            await self._wire.call("LPUSH", self._own_wake, 1)
            await self._wire.call("PEXPIRE", self._own_wake, round(2000 * self._beat))

    async def answered(self) -> None:
        """Wait for the reply to what has been asked: of a worker that takes no more, it hands all back."""
        async with self._asking:
            pass

    async def leave(self) -> None:
        """Have Redis take back what it hands out in a reply for which nobody waits any more."""
        with suppress(*OUTAGES):
            async with asyncio.timeout(FAREWELL_WITHIN):
                await self._extend(reconcile=True)

    async def close(self) -> None:
        self.in_flight.close()
        try:
            await self._heartbeat.leave()
        finally:
            for connection in (self._wire, self._bell, self._cancel_listener):
                await connection.close()

    async def _converse(self) -> None:
        while True:
            if self._outage:
                await self._recover()
            try:
                await self._turn()
            except OUTAGES as error:
                self._outage = error
            except Exception as error:
                log.exception("fetcher.failed")  # a defect, which must not leave a worker that does nothing
                self._outage = error

    async def _turn(self) -> None:
        self._signal.clear()
        demand = self.in_flight.demand
        if not (demand.total or self.in_flight.has_ready or self._was_woken):
            await self._signal.wait()
            return
        self._was_woken = False
        settlements = self.in_flight.take_ready()
        request = self._request(settlements, demand)
        async with self._asking:
            try:
                reply = await scripts.SETTLE_AND_FETCH.call(self._wire, self._namespace, request)
            except BaseException:
                self.in_flight.put_back(settlements)
                self._size.missed()
                raise
        fetched = self._read(reply, request)
        warn_of_refused(fetched.refused_followers)
        self.in_flight.confirm(settlements, rejected=fetched.rejected)
        self.in_flight.admit(fetched)
        if demand.total and not (fetched.deliveries or self.in_flight.has_ready):
            await self._wait(self._beat if fetched.due_in is None else min(fetched.due_in, self._beat))

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
        return fetched

    async def _wait(self, longest: float) -> None:
        timer = asyncio.get_running_loop().call_later(longest, self._signal.set)
        self._is_hungry.set()
        try:
            await self._signal.wait()
        finally:
            timer.cancel()
            self._is_hungry.clear()

    async def _listen(self) -> None:
        """While the worker is hungry, wait in Redis for a wake token.

        A token that comes when there is no room any more is not lost: the next turn puts it back. One that
        went to a connection that broke is lost: the worker looks for tasks without it.
        """
        within, pause = min(self._beat, LISTEN_FOR), SHORTEST_PAUSE
        while True:
            await self._is_hungry.wait()
            keys = [self._own_wake, *(f"{self._namespace}:{queue}:wake" for queue in self._shares.queues)]
            try:
                token = await self._bell.call("BLPOP", *keys, within, patience=within)
            except OUTAGES:  # the other connection says what is wrong
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                pause = SHORTEST_PAUSE
                if not token:
                    continue
            self._is_hungry.clear()
            self._was_woken = True
            self._signal.set()

    async def _extend_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._beat)
            if not (self.in_flight.is_empty or self._outage):
                try:
                    await self._extend(reconcile=False)
                except OUTAGES as error:
                    self._outage = error
                    self._signal.set()

    async def _extend(self, *, reconcile: bool) -> None:
        held = self.in_flight.held
        if reconcile:
            self._session.begin_epoch()
        request = extend_request(self._session, held, reconcile=reconcile, timing=self._timing)
        extension = read_extension(await scripts.EXTEND.call(self._wire, self._namespace, request), request)
        self.in_flight.lose(set(extension.lost))
        self.in_flight.cancel(extension.cancelled)

    async def _recover(self) -> None:
        """Reach Redis again, and have it take back what left in a reply that never arrived."""
        reason = None
        pause = SHORTEST_PAUSE
        while self._outage:
            if reason != (reason := why(self._outage)):
                log.warning("taskqueue.unreachable", reason=reason)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                await self._extend(reconcile=True)
            except OUTAGES as error:
                self._outage = error
            else:
                self._outage = None
        log.info("taskqueue.reachable")
