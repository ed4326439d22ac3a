import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

import structlog

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.attempt import Cancelled
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.failure_marks import with_mark
from internal.infrastructure.taskqueue.delivery.outcomes import RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.precheck import cancelled, precheck
from internal.infrastructure.taskqueue.delivery.settled_as import settled_as
from internal.infrastructure.taskqueue.delivery.settlements import Lease, Settlement
from internal.infrastructure.taskqueue.protocol.any_bytes import readable
from internal.infrastructure.taskqueue.worker.on_loop import call_on
from internal.infrastructure.taskqueue.worker.outbox_closer import (
    OutboxCloser,
    is_written_down,
    may_be_closed,
)
from internal.infrastructure.taskqueue.worker.promise import end
from internal.infrastructure.taskqueue.worker.redelivery_check import RedeliveryCheck
from internal.infrastructure.taskqueue.worker.runner import Runner
from internal.infrastructure.taskqueue.worker.settlement_queue import SettlementQueue
from internal.infrastructure.taskqueue.worker.settling_hooks import SettlingHooks
from internal.infrastructure.taskqueue.worker.slots import Slots
from internal.infrastructure.taskqueue.worker.statistics import Statistics
from internal.infrastructure.tasks.completion_log import Completion, CompletionLog

log = structlog.get_logger(__name__)


class TaskLife:
    """The life of each task in this worker, from its fetch until Redis has confirmed its outcome.

    One asyncio task lives it, in a copy of the worker's `context`. Only the handler's part of it can be
    cancelled: all other waits are promises.
    """

    def __init__(  # noqa: PLR0913 - the parts of the engine that a task meets
        self,
        broker: RedisBroker,
        *,
        runner: Runner,
        slots: Slots,
        settlements: SettlementQueue,
        hooks: SettlingHooks,
        statistics: Statistics,
        completion_log: CompletionLog | None,
        context: Context,
        changed: Callable[[], None],
    ) -> None:
        self._broker = broker
        self._runner = runner
        self._slots = slots
        self._settlements = settlements
        self._hooks = hooks
        self._statistics = statistics
        self._context = context
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._redelivery_check = RedeliveryCheck(completion_log) if completion_log else None
        self._outbox_closer = OutboxCloser(completion_log, context=context) if completion_log else None
        self._lives: dict[Delivery, asyncio.Task[None]] = {}
        self._aside: set[asyncio.Task[None]] = set()
        # The tasks that Redis believes this worker to have.
        self.held: dict[Lease, Delivery] = {}
        # Set when a task ends and leaves nothing to wait for.
        self.is_quiet = asyncio.Event()

    @property
    def has_ended(self) -> bool:
        """Whether no task is held, and all hooks of earlier ones have returned."""
        return not self.held and self._hooks.is_idle

    def begin(self, delivery: Delivery, *, decided: Outcome | None = None) -> None:
        """Begin the life of a task; one whose outcome is decided only has to be settled."""
        self.held[delivery.lease] = delivery
        self._slots.expect(delivery)
        attempt = delivery.begin()
        attempt.on_result = self._report_progress
        attempt.task = self._lives[delivery] = self._start(self._live(delivery, decided))

    def archive_unreadable(self, settlement: Settlement) -> None:
        self._start_aside(self._archive_unreadable(settlement))

    def give_back_running(self, delivery: Delivery) -> None:
        """Give back a task whose run cannot be ended."""
        self._start_aside(self._give_back_running(delivery))

    def stop(self) -> None:
        """End all lives that wait for something: it will not come."""
        self._hooks.stop()
        if self._redelivery_check:
            self._redelivery_check.stop()
        if self._outbox_closer:
            self._outbox_closer.stop()
        for delivery, life in self._lives.items():
            if not delivery.attempt.is_cancellable:
                end(life)
        for task in self._aside:
            end(task)

    async def _live(self, delivery: Delivery, decided: Outcome | None) -> None:
        try:
            outcome = decided or self._precheck(delivery)
            if not outcome and self._redelivery_check and may_be_closed(delivery):
                outcome = await self._redelivery_check.outcome_of(delivery)
            # An operator may have cancelled it during the check.
            if not (outcome or delivery.cancelled) and await self._slots.enter(delivery):
                await self._runner.run(delivery)
                outcome = settled_as(delivery)
            self._slots.leave(delivery)
            if delivery.cancelled is Cancelled.LEASE_LOST:
                # Nothing to settle, but room for more.
                self._changed()
            else:
                await self._settle(delivery, outcome or _unstarted(delivery))
        except Exception:
            # A defect. The lease lapses, and Redis hands out the task again. There is room for more.
            log.exception("task.not_lived", task_id=delivery.task_id, task=delivery.actor_name)
            self._changed()
        finally:
            self._release(delivery)

    def _precheck(self, delivery: Delivery) -> Outcome | None:
        broker = self._broker
        return precheck(
            delivery, actors=broker.actors, timing=broker.timing, payload_keys=broker.payload_keys
        )

    async def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        outcome = with_mark(outcome, delivery)
        if self._outbox_closer and outcome.is_final and is_written_down(delivery):
            succeeded = outcome.kind is Kind.DONE
            await self._outbox_closer.close(Completion(task_id=delivery.task_id, succeeded=succeeded))
        await self._hooks.fire("before", delivery, outcome)
        is_accepted = await self._settlements.add(delivery.lease, outcome).kept()
        self.held.pop(delivery.lease, None)
        if is_accepted:
            self._statistics.add(delivery, outcome)
            await self._hooks.fire("after", delivery, outcome)
        else:
            log.warning("task.not_settled", task_id=delivery.task_id, reason="it is no longer ours")

    def _release(self, delivery: Delivery) -> None:
        self._slots.leave(delivery)
        # Its traceback would keep a whole stack alive.
        delivery.clear_exception()
        self._lives.pop(delivery, None)
        self._let_go(delivery)

    def _let_go(self, delivery: Delivery) -> None:
        self.held.pop(delivery.lease, None)
        if self.has_ended:
            self.is_quiet.set()

    def _report_progress(self, delivery: Delivery) -> None:
        """Report a result to Redis before the end; the handler may run in a thread."""
        outcome = Outcome(Kind.PROGRESS, note=delivery.attempt.result)
        call_on(self._loop, self._settlements.add, delivery.lease, outcome)

    async def _archive_unreadable(self, settlement: Settlement) -> None:
        queue, task_id, _ = settlement.lease
        if await self._settlements.add(settlement.lease, settlement.outcome).kept():
            self._statistics.add_unreadable(queue)
        reason = settlement.outcome.note.decode(errors="replace")
        log.error("task.unreadable", queue=queue, task_id=readable(task_id), reason=reason)

    async def _give_back_running(self, delivery: Delivery) -> None:
        # If Redis rejects it, the task belongs to another worker, or has been settled.
        await self._settlements.add(delivery.lease, RELEASED).kept()
        self._let_go(delivery)

    def _start_aside(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._start(coroutine)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    def _start(self, life: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._loop.create_task(life, context=self._context.copy())


def _unstarted(delivery: Delivery) -> Outcome:
    """The outcome of a task that has not begun to run."""
    return cancelled(delivery) if delivery.cancelled else RELEASED
