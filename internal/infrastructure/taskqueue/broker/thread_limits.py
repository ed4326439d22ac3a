import threading
import time
from time import monotonic

from internal.infrastructure.taskqueue.delivery.delivery import Cancelled, Delivery
from internal.infrastructure.telemetry.failure_log import report


class ThreadLimits:
    """Interrupts tasks that run in a thread when their time is over, and nothing else in that thread."""

    def __init__(self, *, look_every: float) -> None:
        self._look_every = look_every  # seconds
        self._ends: dict[Delivery, tuple[float, Cancelled]] = {}  # on the clock of `monotonic`

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
                delivery.interrupt(reason)
