import asyncio
from collections.abc import Mapping, Sequence
from contextvars import Context
from typing import Literal

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import Outcome
from internal.infrastructure.taskqueue.delivery.signals import Signal, emit, signals_of
from internal.infrastructure.taskqueue.worker.promise import Promise
from internal.infrastructure.taskqueue.worker.threads import WorkerThreads

Moment = Literal["before", "after"]

_HOOKS: Mapping[Moment, Sequence[str]] = {
    "before": ("before_ack", "before_nack", "before_enqueue"),
    "after": ("after_ack", "after_nack", "after_enqueue"),
}


class SettlingHooks:
    """Calls middleware's hooks before a task is settled, and after Redis has confirmed it.

    If one of them may block, they run in a thread, because the loop has other tasks to serve.
    """

    def __init__(self, broker: RedisBroker, *, concurrency: int, context: Context) -> None:
        self._broker = broker
        self._context = context
        self._threads = WorkerThreads(broker, size=concurrency)
        self._firing = 0

    @property
    def is_idle(self) -> bool:
        return self._firing == 0

    def stop(self) -> None:
        self._threads.stop()

    async def fire(self, moment: Moment, delivery: Delivery, outcome: Outcome) -> None:
        """Call the hooks of this moment, and return when they have returned."""
        # As a rule no middleware has such hooks, and each task gets here twice.
        if not self._broker.has_hooks(*_HOOKS[moment]):
            return
        signals = [
            (name, arguments)
            for name, arguments in signals_of(delivery, outcome)
            if self._broker.has_hooks(f"{moment}_{name}")
        ]
        if signals and not self._broker.is_loop_safe(delivery):
            await self._emit_in_thread(moment, signals)
        else:
            self._emit(moment, signals)

    async def _emit_in_thread(self, moment: str, signals: Sequence[Signal]) -> None:
        loop = asyncio.get_running_loop()
        done: Promise[None] = Promise()

        def work() -> None:
            self._emit(moment, signals)
            done.keep_from_thread(loop, None)

        self._firing += 1
        self._threads.submit(work)
        try:
            await done.kept()
        finally:
            self._firing -= 1

    def _emit(self, moment: str, signals: Sequence[Signal]) -> None:
        """In a context of their own: neither that of a task nor that of other hooks."""
        self._context.copy().run(emit, self._broker, moment, signals)
