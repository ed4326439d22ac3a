import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import replace

import structlog

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.arrivals import Fetched
from internal.infrastructure.taskqueue.delivery.delivery import Cancelled, Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.precheck import cancelled, precheck
from internal.infrastructure.taskqueue.delivery.settled_as import settled_as
from internal.infrastructure.taskqueue.delivery.settlements import NOTHING, Demand, Lease
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.infrastructure.taskqueue.worker.on_loop import call_on
from internal.infrastructure.taskqueue.worker.outbox_closer import (
    OutboxCloser,
    is_written_down,
    may_be_closed,
)
from internal.infrastructure.taskqueue.worker.redelivery_check import RedeliveryCheck
from internal.infrastructure.taskqueue.worker.runner import Runner
from internal.infrastructure.taskqueue.worker.settling_hooks import Ended, SettlingHooks
from internal.infrastructure.taskqueue.worker.slots import Slots
from internal.infrastructure.taskqueue.worker.threads import WorkerThreads
from internal.infrastructure.tasks.completion_log import CompletionLog

log = structlog.get_logger(__name__)

LAST_CALL = 1.0  # seconds that interrupted tasks have to clean up
SETTLED_WITHIN = 0.5  # seconds that the last settling has


class InFlightTasks:
    """Everything that a worker process holds, from a task's arrival until Redis has confirmed its outcome.

    `changed` is called when there is something to settle, or room for more.
    """

    def __init__(
        self,
        broker: RedisBroker,
        *,
        threads: WorkerThreads,
        concurrency: int,
        completion_log: CompletionLog | None,
        context: Context,
        changed: Callable[[], None],
    ) -> None:
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._changed = changed
        self._runner = Runner(broker, threads=threads, context=context, finished=self._finished)
        self._slots = Slots(concurrency, timing=broker.timing, start=self._runner.start)
        self._hooks = SettlingHooks(broker, concurrency=concurrency, context=context)
        self._outbox_closer = (
            OutboxCloser(completion_log, closed=self.settle, context=context) if completion_log else None
        )
        self._redelivery_check = (
            RedeliveryCheck(completion_log, run=self._run, settle=self.settle) if completion_log else None
        )
        self._held: dict[Lease, Delivery] = {}
        self._ready: list[Ended] = []
        self.is_draining = False
        self.waits_for: str | None = None  # the service without which nothing more is taken
        self._is_quiet = asyncio.Event()  # nothing is held, and all that was has been told of

    @property
    def is_empty(self) -> bool:
        return not self._held and not self._ready and self._hooks.is_idle

    @property
    def has_ready(self) -> bool:
        return bool(self._ready)

    @property
    def held(self) -> list[Lease]:
        return list(self._held)

    @property
    def running(self) -> list[Delivery]:
        return self._slots.running

    @property
    def demand(self) -> Demand:
        if self.is_draining or self.waits_for:
            return NOTHING
        if not self._redelivery_check:
            return self._slots.demand()
        demand = self._slots.demand(promised=self._redelivery_check.count)
        return replace(demand, suspect=False) if self._redelivery_check.has_suspect else demand

    def pause(self) -> None:
        """Take nothing more, and give back what waits; what is running goes on."""
        self.is_draining = True
        self._give_back_waiting()

    def resume(self) -> None:
        self.is_draining = False
        self._changed()

    def wait_for(self, service: str | None) -> None:
        """Take nothing more, as in a pause, until this is called with None."""
        self.waits_for = service
        if service:
            self._give_back_waiting()
        self._changed()

    def admit(self, fetched: Fetched) -> None:
        """Start what may start, and have the rest settled."""
        self.settle([Ended(each.lease, each.outcome) for each in fetched.unreadable])
        doubtful = []
        for delivery in fetched.deliveries:
            self._held[delivery.lease] = delivery
            delivery.told = self._told
        if self.is_draining or self.waits_for:  # they were asked for before
            self._release(fetched.deliveries)
            return
        for delivery in fetched.deliveries:
            if outcome := precheck(delivery, actors=self._broker.actors, timing=self._broker.timing):
                self._end(delivery, outcome)
            elif self._redelivery_check and may_be_closed(delivery):
                doubtful.append(delivery)
            else:
                self._slots.offer(delivery)
        if self._redelivery_check and doubtful:
            self._redelivery_check.ask(doubtful)
        if self._slots.has_waiting:
            patience = self._broker.timing.look_ahead.total_seconds()
            asyncio.get_running_loop().call_later(patience, self._give_back_waiting, patience)

    def take_ready(self) -> list[Ended]:
        """What is to be settled by the next call. It is still held, until it is confirmed or put back."""
        ready, self._ready = self._ready[:MOST_AT_ONCE], self._ready[MOST_AT_ONCE:]
        return ready

    def put_back(self, settlements: Sequence[Ended]) -> None:
        """They were sent, and there was no reply: nobody knows whether they are settled."""
        for settlement in settlements:
            settlement.was_sent = True
        self._ready[:0] = settlements

    def confirm(self, settlements: Sequence[Ended], *, rejected: set[int]) -> None:
        """They were sent; Redis has rejected those at these places in the batch, and settled the others."""
        for place, settlement in enumerate(settlements):
            delivery = settlement.delivery
            if settlement.outcome.kind is Kind.PROGRESS:
                continue
            if delivery is None:
                queue, task_id, _ = settlement.lease
                reason = settlement.outcome.note.decode(errors="replace")
                log.error("task.unreadable", queue=queue, task_id=task_id, reason=reason)
                continue
            self._held.pop(delivery.lease, None)
            # One that was sent before was settled then: that is why its token is gone.
            if place in rejected and not settlement.was_sent:
                log.warning("task.not_settled", task_id=delivery.task_id, reason="it is no longer ours")
                self._let_go(delivery)
            else:
                self._hooks.after(settlement, then=self._is_over)

    def lose(self, leases: set[Lease]) -> None:
        """Cancel what another worker has, or has had, meanwhile."""
        for delivery in self._slots.running:
            if delivery.lease in leases:
                log.warning("task.lease_lost", task_id=delivery.task_id)
                delivery.cancel(Cancelled.LEASE_LOST)

    def cancel(self, leases: Collection[Lease]) -> None:
        """Have these end because an operator wants them to, whether they have started or not."""
        running = set(self._slots.running)
        for delivery in [self._held[lease] for lease in leases if lease in self._held]:
            if delivery in running:
                delivery.interrupt(Cancelled.OPERATOR)
            elif self._slots.withdraw(delivery):
                self._end(delivery, cancelled(delivery))
            elif self._redelivery_check and self._redelivery_check.is_about(delivery):
                delivery.cancelled = Cancelled.OPERATOR

    async def clear(self, within: float) -> int:
        """Wait so many seconds for what is running, interrupt the rest; return how many are not settled."""
        self.pause()
        # On a busy machine each step begins late; none of them may end late.
        interrupted_at = self._loop.time() + within
        await self._emptied(interrupted_at)
        if running := self._slots.running:
            for delivery in running:
                delivery.interrupt(Cancelled.SHUTDOWN)
            await self._emptied(interrupted_at + LAST_CALL)
        self._release(self._slots.running)  # threads that cannot be interrupted
        await self._emptied(min(self._loop.time(), interrupted_at + LAST_CALL) + SETTLED_WITHIN)
        return len(self._held)

    def close(self) -> None:
        self._hooks.stop()
        if self._redelivery_check:
            self._redelivery_check.stop()
        if self._outbox_closer:
            self._outbox_closer.stop()

    def settle(self, settlements: Sequence[Ended]) -> None:
        for settlement in settlements:
            self._hooks.before(settlement, then=self._is_ready)

    def _is_ready(self, settlement: Ended) -> None:
        self._ready.append(settlement)
        self._changed()

    def _is_over(self, settlement: Ended) -> None:
        if settlement.delivery:
            self._let_go(settlement.delivery)

    def _run(self, delivery: Delivery) -> None:
        """As the completion log has allowed; meanwhile an operator may have cancelled it."""
        if delivery.cancelled:
            self._end(delivery, cancelled(delivery))
        else:
            self._slots.offer(delivery)

    def _finished(self, delivery: Delivery, seconds: float) -> None:
        self._slots.vacate(delivery, seconds=seconds)
        if delivery.cancelled is Cancelled.LEASE_LOST:
            self._let_go(delivery)
            self._changed()
        else:
            self._end(delivery, settled_as(delivery))

    def _told(self, delivery: Delivery) -> None:
        """Of a result of a task that goes on, perhaps in a thread."""
        progress = [Ended(delivery.lease, Outcome(Kind.PROGRESS, note=delivery.result), delivery=delivery)]
        call_on(self._loop, self.settle, progress)

    def _end(self, delivery: Delivery, outcome: Outcome) -> None:
        settlement = Ended(delivery.lease, outcome, delivery=delivery)
        if self._outbox_closer and outcome.is_final and is_written_down(delivery):
            self._outbox_closer.close(settlement)
        else:
            self.settle([settlement])

    def _give_back_waiting(self, longer_than: float = 0) -> None:
        self._release(self._slots.take_waiting(longer_than=longer_than))

    def _release(self, deliveries: Sequence[Delivery]) -> None:
        """To the front of their queue, in their order: the last goes first."""
        self.settle([Ended(delivery.lease, RELEASED, delivery=delivery) for delivery in reversed(deliveries)])

    def _let_go(self, delivery: Delivery) -> None:
        delivery.clear_exception()  # its traceback would keep a whole stack alive
        self._held.pop(delivery.lease, None)
        if not self._held and self._hooks.is_idle:
            self._is_quiet.set()

    async def _emptied(self, deadline: float) -> None:
        self._is_quiet.clear()
        if self._held or not self._hooks.is_idle:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._is_quiet.wait()
