import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

import structlog

from internal.infrastructure.taskqueue.delivery.arrivals import Fetched
from internal.infrastructure.taskqueue.delivery.attempt import Cancelled
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import RELEASED
from internal.infrastructure.taskqueue.delivery.settlements import NOTHING, Demand, Lease
from internal.infrastructure.taskqueue.worker.settlement_queue import SettlementQueue
from internal.infrastructure.taskqueue.worker.slots import Slots
from internal.infrastructure.taskqueue.worker.task_life import TaskLife

log = structlog.get_logger(__name__)

# Seconds that interrupted tasks have to clean up.
LAST_CALL = 1.0
# Seconds that the last settling has.
SETTLED_WITHIN = 0.5


class InFlightTasks:
    """The tasks of a worker process, as the rest of the worker sees them.

    `changed` is called when the worker may take tasks again.
    """

    def __init__(
        self, life: TaskLife, *, slots: Slots, settlements: SettlementQueue, changed: Callable[[], None]
    ) -> None:
        self._life = life
        self._slots = slots
        self._settlements = settlements
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self.is_draining = False
        # An operator wants it to take nothing more.
        self.is_quiet = False
        # The service without which the worker takes nothing more.
        self.waits_for: str | None = None

    @property
    def is_empty(self) -> bool:
        return self._life.has_ended and self._settlements.is_empty

    @property
    def held(self) -> list[Lease]:
        return list(self._life.held)

    @property
    def running(self) -> list[Delivery]:
        return self._slots.running

    @property
    def demand(self) -> Demand:
        return NOTHING if self._takes_nothing else self._slots.demand()

    def pause(self) -> None:
        """Take nothing more, and give back the tasks that wait for a slot; running ones go on."""
        self.is_draining = True
        self._slots.send_away_waiting()

    def resume(self) -> None:
        self.is_draining = False
        self._changed()

    def be_quiet(self, *, wanted: bool) -> None:
        """Take nothing more, as in a pause, until this is called with False."""
        if wanted == self.is_quiet:
            return
        self.is_quiet = wanted
        if wanted:
            log.info("worker.quiet")
            self._slots.send_away_waiting()
        else:
            log.info("worker.not_quiet")
        self._changed()

    def wait_for(self, service: str | None) -> None:
        """Take nothing more, as in a pause, until this is called with None."""
        self.waits_for = service
        if service:
            self._slots.send_away_waiting()
        self._changed()

    def admit(self, fetched: Fetched) -> None:
        """Begin the lives of these tasks. If a pause began after they were asked for, give them back."""
        for settlement in fetched.unreadable:
            self._life.archive_unreadable(settlement)
        if self._takes_nothing:
            # To the front of their queue, in their order: the last goes first.
            for delivery in reversed(fetched.deliveries):
                self._life.begin(delivery, decided=RELEASED)
        else:
            for delivery in fetched.deliveries:
                self._life.begin(delivery)

    def lose(self, leases: Collection[Lease]) -> None:
        """Cancel the running tasks whose leases this worker has lost."""
        for delivery in self._slots.running:
            if delivery.lease in leases:
                log.warning("task.lease_lost", task_id=delivery.task_id)
                delivery.attempt.cancel(Cancelled.LEASE_LOST)

    def cancel(self, leases: Collection[Lease]) -> None:
        """End these tasks, which an operator has cancelled, whether they have started or not."""
        for delivery in [self._life.held[lease] for lease in leases if lease in self._life.held]:
            delivery.attempt.interrupt(Cancelled.OPERATOR)
            self._slots.send_away(delivery)

    async def clear(self, within: float) -> int:
        """Wait this many seconds for running tasks, then interrupt them; return how many are not settled."""
        self.pause()
        # On a busy machine each step begins late; none of them may end late.
        interrupted_at = self._loop.time() + within
        await self._emptied(interrupted_at)
        if running := self._slots.running:
            for delivery in running:
                delivery.attempt.interrupt(Cancelled.SHUTDOWN)
            await self._emptied(interrupted_at + LAST_CALL)
        # Threads and coroutines that ignore the interrupt.
        for delivery in reversed(self._slots.running):
            self._life.give_back_running(delivery)
        await self._emptied(min(self._loop.time(), interrupted_at + LAST_CALL) + SETTLED_WITHIN)
        return len(self._life.held)

    @property
    def _takes_nothing(self) -> bool:
        return self.is_draining or self.is_quiet or self.waits_for is not None

    async def _emptied(self, deadline: float) -> None:
        self._life.is_quiet.clear()
        if not self._life.has_ended:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._life.is_quiet.wait()
