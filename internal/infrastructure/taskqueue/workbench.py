import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog

from internal.infrastructure.task_codec import TaskLedger
from internal.infrastructure.taskqueue.admission import refusal
from internal.infrastructure.taskqueue.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery import Cancelled, Delivery
from internal.infrastructure.taskqueue.exchange import NOTHING, Demand, Fetched, Holding, Settlement
from internal.infrastructure.taskqueue.ledger import LedgerClerk, is_written_down, may_be_closed
from internal.infrastructure.taskqueue.on_loop import call_on
from internal.infrastructure.taskqueue.outcomes import DONE, RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.runner import Runner
from internal.infrastructure.taskqueue.scripts import MOST_AT_ONCE
from internal.infrastructure.taskqueue.slots import Slots
from internal.infrastructure.taskqueue.threads import WorkerThreads
from internal.infrastructure.taskqueue.timing import milliseconds
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

LAST_CALL = 1.0  # seconds that interrupted tasks have to clean up
SETTLED_WITHIN = 0.5  # seconds that the last settling has
ASK_LEDGER_AGAIN = timedelta(seconds=5)


class Workbench:
    """Everything that a worker process holds, from a task's arrival until Redis has confirmed its outcome.

    `changed` is called when there is something to settle, or room for more.
    """

    def __init__(
        self,
        broker: RedisBroker,
        *,
        threads: WorkerThreads,
        concurrency: int,
        ledger: TaskLedger | None,
        changed: Callable[[], None],
    ) -> None:
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._changed = changed
        self._runner = Runner(broker, threads=threads, finished=self._finished)
        self._slots = Slots(concurrency, timing=broker.timing, start=self._runner.start)
        self._clerk = LedgerClerk(ledger, closed=self.settle) if ledger else None
        self._held: dict[Holding, Delivery] = {}
        self._ready: list[Settlement] = []
        self._asking: list[Delivery] = []  # about which the ledger is being asked
        self._takes_more = True
        self._is_empty = asyncio.Event()
        self._beside: set[asyncio.Task[None]] = set()

    @property
    def is_empty(self) -> bool:
        return not self._held and not self._ready

    @property
    def has_ready(self) -> bool:
        return bool(self._ready)

    @property
    def held(self) -> list[Holding]:
        return list(self._held)

    @property
    def demand(self) -> Demand:
        if not self._takes_more:
            return NOTHING
        demand = self._slots.demand(promised=len(self._asking))
        if any(delivery.suspect for delivery in self._asking):
            return replace(demand, suspect=False)
        return demand

    def pause(self) -> None:
        """Take nothing more, and give back what waits; what is running goes on."""
        self._takes_more = False
        self._give_back_waiting()

    def resume(self) -> None:
        self._takes_more = True
        self._changed()

    def admit(self, fetched: Fetched) -> None:
        """Start what may start, and have the rest settled."""
        self.settle(fetched.unreadable)
        doubtful = []
        for delivery in fetched.deliveries:
            self._held[delivery.holding] = delivery
            delivery.told = self._told
        if not self._takes_more:  # they were asked for before the pause
            self._release(fetched.deliveries)
            return
        for delivery in fetched.deliveries:
            if outcome := refusal(delivery, self._broker):
                self._end(delivery, outcome)
            elif self._clerk and may_be_closed(delivery):
                doubtful.append(delivery)
            else:
                self._slots.offer(delivery)
        if self._clerk and doubtful:
            self._asking.extend(doubtful)
            self._aside(self._ask_ledger(self._clerk, doubtful))
        if self._slots.has_waiting:
            patience = self._broker.timing.look_ahead.total_seconds()
            asyncio.get_running_loop().call_later(patience, self._give_back_waiting, patience)

    def take_ready(self) -> list[Settlement]:
        """What is to be settled by the next call. It is still held, until it is confirmed or put back."""
        ready, self._ready = self._ready[:MOST_AT_ONCE], self._ready[MOST_AT_ONCE:]
        for settlement in ready:
            if not settlement.was_sent:
                self._emit(self._broker.emit_before, settlement)
        return ready

    def put_back(self, settlements: Sequence[Settlement]) -> None:
        """They were sent, and there was no reply: nobody knows whether they are settled."""
        for settlement in settlements:
            settlement.was_sent = True
        self._ready[:0] = settlements

    def confirm(self, settlements: Iterable[Settlement], *, rejected: set[str]) -> None:
        for settlement in settlements:
            delivery = settlement.delivery
            if settlement.outcome.kind is Kind.PROGRESS:
                continue
            if delivery is None:
                log.error("task.unreadable", queue=settlement.holding[0], task_id=settlement.holding[1])
                continue
            # One that was sent before was settled then: that is why its token is gone.
            if delivery.task_id in rejected and not settlement.was_sent:
                log.warning("task.not_settled", task_id=delivery.task_id, reason="it is no longer ours")
            else:
                self._emit(self._broker.emit_after, settlement)
            self._let_go(delivery)

    def lose(self, holdings: set[Holding]) -> None:
        """Cancel what another worker has, or has had, meanwhile."""
        for delivery in self._slots.running:
            if delivery.holding in holdings:
                log.warning("task.lease_lost", task_id=delivery.task_id)
                delivery.cancel(Cancelled.LEASE_LOST)

    async def clear(self, within: float) -> int:
        """Wait so many seconds for what is running, interrupt the rest; return how many are not settled."""
        self.pause()
        await self._emptied(within)
        if running := self._slots.running:
            for delivery in running:
                self._runner.interrupt(delivery)
            await self._emptied(LAST_CALL)
        self._release(self._slots.running)  # threads that cannot be interrupted
        await self._emptied(SETTLED_WITHIN)
        return len(self._held)

    def close(self) -> None:
        for task in self._beside:
            task.cancel()
        if self._clerk:
            self._clerk.stop()

    def settle(self, settlements: Sequence[Settlement]) -> None:
        if settlements:  # else nothing has changed, and an idle worker would ask Redis again and again
            self._ready.extend(settlements)
            self._changed()

    def _finished(self, delivery: Delivery, seconds: float) -> None:
        self._slots.vacate(delivery, seconds=seconds)
        if delivery.cancelled is Cancelled.LEASE_LOST:
            self._let_go(delivery)
            self._changed()
        else:
            self._end(delivery, delivery.settled_as())

    def _told(self, delivery: Delivery) -> None:
        """Of a result of a task that goes on, perhaps in a thread."""
        progress = [Settlement(delivery.holding, Outcome(Kind.PROGRESS, note=delivery.result), delivery)]
        call_on(self._loop, self.settle, progress)

    def _end(self, delivery: Delivery, outcome: Outcome) -> None:
        settlement = Settlement(delivery.holding, outcome, delivery)
        if self._clerk and outcome.is_final and is_written_down(delivery):
            self._clerk.close(settlement)
        else:
            self.settle([settlement])

    async def _ask_ledger(self, clerk: LedgerClerk, deliveries: Sequence[Delivery]) -> None:
        """Run those that are not over yet; a task that is must not run again."""
        asked = set(deliveries)
        try:
            closed = await clerk.closed_among(deliveries)
        except Exception as error:
            if not isinstance(error, Unavailable):
                log.exception("ledger.not_asked", tasks=len(deliveries))
            later = Outcome(Kind.SCHEDULED, milliseconds(ASK_LEDGER_AGAIN))
            self.settle([Settlement(delivery.holding, later, delivery) for delivery in deliveries])
            return
        finally:
            self._asking = [delivery for delivery in self._asking if delivery not in asked]
        for delivery in deliveries:
            if delivery.task_id in closed:
                self.settle([Settlement(delivery.holding, DONE, delivery)])
            else:
                self._slots.offer(delivery)

    def _give_back_waiting(self, longer_than: float = 0) -> None:
        self._release(self._slots.take_waiting(longer_than=longer_than))

    def _release(self, deliveries: Sequence[Delivery]) -> None:
        """To the front of their queue, in their order: the last goes first."""
        self.settle([Settlement(delivery.holding, RELEASED, delivery) for delivery in reversed(deliveries)])

    def _let_go(self, delivery: Delivery) -> None:
        delivery.clear_exception()  # its traceback would keep a whole stack alive
        self._held.pop(delivery.holding, None)
        if not self._held:
            self._is_empty.set()

    @staticmethod
    def _emit(emit: Callable[..., None], settlement: Settlement) -> None:
        delivery, outcome = settlement.delivery, settlement.outcome
        if delivery is None or outcome.kind in {Kind.RELEASED, Kind.PROGRESS}:
            return
        if outcome.kind is Kind.RETRY:  # Dramatiq puts the message on its queue again
            emit("enqueue", delivery._message, outcome.number)  # noqa: SLF001 - a hook expects a message
        emit("nack" if delivery.failed else "ack", delivery)

    async def _emptied(self, within: float) -> None:
        self._is_empty.clear()
        if self._held:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._is_empty.wait()

    def _aside(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
