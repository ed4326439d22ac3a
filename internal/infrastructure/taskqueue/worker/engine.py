"""The parts of a worker that live on its event loop, and how they fit together."""

import asyncio
from contextvars import Context
from dataclasses import dataclass

from redis.asyncio import ConnectionPool

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.connections.connection import DedicatedConnection, pool_like
from internal.infrastructure.taskqueue.connections.patience import Patience
from internal.infrastructure.taskqueue.connections.timeouts import TIMEOUT
from internal.infrastructure.taskqueue.delivery.worker_session import Session
from internal.infrastructure.taskqueue.worker.cancel_listener import CancelListener
from internal.infrastructure.taskqueue.worker.connection_state import ConnectionState
from internal.infrastructure.taskqueue.worker.fetcher import Fetcher
from internal.infrastructure.taskqueue.worker.heartbeat import Heartbeat
from internal.infrastructure.taskqueue.worker.in_flight import InFlightTasks
from internal.infrastructure.taskqueue.worker.lease_extender import LeaseExtender
from internal.infrastructure.taskqueue.worker.queue_shares import QueueShares
from internal.infrastructure.taskqueue.worker.runner import Runner
from internal.infrastructure.taskqueue.worker.settlement_queue import SettlementQueue
from internal.infrastructure.taskqueue.worker.settling_hooks import SettlingHooks
from internal.infrastructure.taskqueue.worker.slots import Slots
from internal.infrastructure.taskqueue.worker.statistics import Statistics
from internal.infrastructure.taskqueue.worker.statistics_writer import StatisticsWriter
from internal.infrastructure.taskqueue.worker.task_life import TaskLife
from internal.infrastructure.taskqueue.worker.threads import WorkerThreads
from internal.infrastructure.taskqueue.worker.wake_listener import WakeListener
from internal.infrastructure.tasks.completion_log import CompletionLog

# Seconds that an idle connection has to answer, or some round trips.
ANSWERS_WITHIN_AT_LEAST = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a worker gives to its engine."""

    broker: RedisBroker
    session: Session
    shares: QueueShares
    threads: WorkerThreads
    concurrency: int
    completion_log: CompletionLog | None
    # Each task and each group of hooks runs in a copy of it.
    context: Context


class Engine:
    """The parts of a worker that live on its event loop. Only that loop may construct it."""

    def __init__(self, setup: Setup) -> None:
        broker, timing = setup.broker, setup.broker.timing
        pool: ConnectionPool = pool_like(broker.client)
        patience = Patience(least=ANSWERS_WITHIN_AT_LEAST, most=TIMEOUT)
        self._connection = DedicatedConnection(pool, patience=patience)
        self._wake_connection = DedicatedConnection(pool, patience=patience)
        state = ConnectionState(self._connection, namespace=broker.namespace)
        settlements = SettlementQueue(changed=state.has_changed.set)
        slots = Slots(setup.concurrency, timing=timing)
        statistics = Statistics(broker.actors)
        self._life = _task_life(
            setup, slots=slots, settlements=settlements, statistics=statistics, state=state
        )
        self.in_flight = InFlightTasks(
            self._life, slots=slots, settlements=settlements, changed=state.has_changed.set
        )
        self._wake_listener = WakeListener(
            self._wake_connection,
            worker_id=setup.session.worker_id,
            shares=setup.shares,
            state=state,
            beat=timing.extend_every.total_seconds(),
        )
        self.lease_extender = LeaseExtender(
            state,
            session=setup.session,
            in_flight=self.in_flight,
            timing=timing,
        )
        self.fetcher = self._fetcher(setup, settlements=settlements, state=state)
        self._cancel_listener = CancelListener(
            pool,
            namespace=broker.namespace,
            silence=max(timing.extend_every.total_seconds(), TIMEOUT),
            heard=self.in_flight.cancel,
        )
        self._heartbeat = self._new_heartbeat(setup, statistics)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.fetcher.run())
            group.create_task(self._wake_listener.run())
            group.create_task(self.lease_extender.run())
            group.create_task(self._cancel_listener.listen())
            group.create_task(self._heartbeat.run())

    async def listen_to_new_queues(self) -> None:
        await self._wake_listener.listen_to_new_queues()

    async def close(self) -> None:
        self._life.stop()
        try:
            await self._heartbeat.leave()
        finally:
            for connection in (self._connection, self._wake_connection, self._cancel_listener):
                await connection.close()

    def _fetcher(self, setup: Setup, *, settlements: SettlementQueue, state: ConnectionState) -> Fetcher:
        return Fetcher(
            state,
            session=setup.session,
            shares=setup.shares,
            settlements=settlements,
            in_flight=self.in_flight,
            wake_listener=self._wake_listener,
            lease_extender=self.lease_extender,
            timing=setup.broker.timing,
        )

    def _new_heartbeat(self, setup: Setup, statistics: Statistics) -> Heartbeat:
        writer = StatisticsWriter(
            self._connection,
            namespace=setup.broker.namespace,
            worker_id=setup.session.worker_id,
            statistics=statistics,
            beat=setup.broker.timing.extend_every.total_seconds(),
        )
        return Heartbeat(
            self._connection,
            namespace=setup.broker.namespace,
            session=setup.session,
            shares=setup.shares,
            in_flight=self.in_flight,
            concurrency=setup.concurrency,
            statistics=writer,
            timing=setup.broker.timing,
        )


def _task_life(
    setup: Setup,
    *,
    slots: Slots,
    settlements: SettlementQueue,
    statistics: Statistics,
    state: ConnectionState,
) -> TaskLife:
    broker, context = setup.broker, setup.context
    return TaskLife(
        broker,
        runner=Runner(broker, threads=setup.threads, context=context),
        slots=slots,
        settlements=settlements,
        hooks=SettlingHooks(broker, concurrency=setup.concurrency, context=context),
        statistics=statistics,
        completion_log=setup.completion_log,
        context=context,
        changed=state.has_changed.set,
    )
