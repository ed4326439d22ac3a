import threading
import time
from time import monotonic

from internal.infrastructure.taskqueue.delivery.attempt import Cancelled
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.telemetry.failure_log import report


class ThreadLimits:
    """Interrupts tasks in threads at their time limit or deadline, and no other code in those threads."""

    def __init__(self, *, look_every: float) -> None:
        # Seconds.
        self._look_every = look_every
        # Times on the clock of `monotonic`.
        self._ends: dict[Delivery, tuple[float, Cancelled]] = {}

    def start(self) -> None:
        threading.Thread(target=self._watch, daemon=True, name="thread-limits").start()

    def add(self, delivery: Delivery, *, seconds: float, reason: Cancelled) -> None:
        self._ends[delivery] = (monotonic() + seconds, reason)

    def remove(self, delivery: Delivery) -> None:
        self._ends.pop(delivery, None)

    def _watch(self) -> None:
        while True:
            time.sleep(self._look_every)
            try:
                self._look()
            except Exception:  # noqa: BLE001 - a defect, which must not end the thread
                report("thread_limits.failed")

    def _look(self) -> None:
        for delivery, (end, reason) in self._ends.copy().items():
            if monotonic() >= end:
                self.remove(delivery)
                delivery.attempt.interrupt(reason)
