import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.settlements import Settlement
from internal.infrastructure.taskqueue.delivery.signals import Signal, emit, signals_of
from internal.infrastructure.taskqueue.worker.threads import WorkerThreads

Then = Callable[["Ended"], None]

_HOOKS = {
    "before": ("before_ack", "before_nack", "before_enqueue"),
    "after": ("after_ack", "after_nack", "after_enqueue"),
}


@dataclass(slots=True)
class Ended(Settlement):
    """A settlement with its delivery; a message that cannot be read has none."""

    delivery: Delivery | None = None


class SettlingHooks:
    """Middleware's hooks before tasks are settled, and after Redis has confirmed it.

    Where one of them may block, they fire in a thread: the loop has other tasks to serve. `then` follows on
    the loop, when they are through.
    """

    def __init__(self, broker: RedisBroker, *, concurrency: int, context: Context) -> None:
        self._broker = broker
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._threads = WorkerThreads(broker, size=concurrency)
        self._firing = 0

    @property
    def is_idle(self) -> bool:
        return self._firing == 0

    def before(self, settlement: Ended, *, then: Then) -> None:
        self._fire("before", settlement, then)

    def after(self, settlement: Ended, *, then: Then) -> None:
        self._fire("after", settlement, then)

    def stop(self) -> None:
        self._threads.stop()

    def _fire(self, moment: str, settlement: Ended, then: Then) -> None:
        if not self._broker.has_hooks(*_HOOKS[moment]):
            then(settlement)  # as a rule, and for each task
            return
        delivery = settlement.delivery
        signals = [
            (name, arguments)
            for name, arguments in (signals_of(delivery, settlement.outcome) if delivery else [])
            if self._broker.has_hooks(f"{moment}_{name}")
        ]
        if signals and delivery and not self._broker.is_loop_safe(delivery):
            self._firing += 1
            self._threads.submit(lambda: self._fire_aside(moment, signals, settlement, then))
        else:
            self._emit(moment, signals)
            then(settlement)

    def _fire_aside(self, moment: str, signals: Sequence[Signal], settlement: Ended, then: Then) -> None:
        self._emit(moment, signals)
        with suppress(RuntimeError):  # the loop has ended, and nobody waits for it any more
            self._loop.call_soon_threadsafe(self._fired, settlement, then)

    def _emit(self, moment: str, signals: Sequence[Signal]) -> None:
        """In a context of their own: neither that of a task nor that of other hooks."""
        self._context.copy().run(emit, self._broker, moment, signals)

    def _fired(self, settlement: Ended, then: Then) -> None:
        self._firing -= 1
        then(settlement)
