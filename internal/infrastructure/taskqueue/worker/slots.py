from collections import deque
from collections.abc import Callable
from time import monotonic

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.settlements import Demand
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.infrastructure.taskqueue.protocol.timing import Timing

MEASURED = 100  # tasks
# Fetched ahead for each slot: as many as start within `look_ahead` while tasks are as slow as `quick`.
AHEAD = 10


class Slots:
    """The tasks that a worker runs, and those that wait for a slot.

    Waiting is for quick tasks only, where a round trip to Redis takes as long as the task; what waits too
    long goes back, for another worker may be idle.
    """

    def __init__(self, size: int, *, timing: Timing, start: Callable[[Delivery], None]) -> None:
        self.size = size
        self._timing = timing
        self._start = start
        self._running: set[Delivery] = set()
        self._waiting: deque[Delivery] = deque()
        self._durations: deque[float] = deque(maxlen=MEASURED)
        self._total = 0.0
        self._suspects = 0
        self._is_stalled = False  # something had to go back, and no slot has been free since

    @property
    def running(self) -> list[Delivery]:
        return list(self._running)

    def offer(self, delivery: Delivery) -> None:
        self._suspects += delivery.suspect
        if len(self._running) < self.size:
            self._run(delivery)
        else:
            self._waiting.append(delivery)

    def vacate(self, delivery: Delivery, *, seconds: float) -> None:
        """The slot of a task that ran this long is free, and the next in line takes it."""
        self._is_stalled = False
        self._running.discard(delivery)
        self._suspects -= delivery.suspect
        self._measure(seconds)
        if self._waiting and len(self._running) < self.size:
            self._run(self._waiting.popleft())

    def demand(self, *, promised: int = 0) -> Demand:
        """How many tasks are wanted, besides those that are `promised` to this worker already."""
        ahead = AHEAD * self.size if self._is_quick and not self._is_stalled else 0
        taken = len(self._running) + len(self._waiting) + promised
        direct = max(0, self.size - taken)
        total = min(MOST_AT_ONCE, max(0, self.size + ahead - taken))
        return Demand(total=total, direct=min(total, direct), suspect=direct > 0 and not self._suspects)

    def take_waiting(self, *, longer_than: float = 0) -> list[Delivery]:
        """Those that have waited so many seconds, in their order; they are no longer waiting."""
        since = monotonic() - longer_than
        stale = [delivery for delivery in self._waiting if delivery.fetched_at <= since]
        for delivery in stale:
            self._waiting.remove(delivery)
            self._suspects -= delivery.suspect
        self._is_stalled = self._is_stalled or bool(stale)
        return stale

    def withdraw(self, delivery: Delivery) -> bool:
        """Have one wait no longer; False if it does not."""
        if delivery not in self._waiting:
            return False
        self._waiting.remove(delivery)
        self._suspects -= delivery.suspect
        return True

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    def _run(self, delivery: Delivery) -> None:
        self._running.add(delivery)
        self._start(delivery)

    def _measure(self, seconds: float) -> None:
        if len(self._durations) == MEASURED:
            self._total -= self._durations[0]
        self._durations.append(seconds)
        self._total += seconds

    @property
    def _is_quick(self) -> bool:
        count = len(self._durations)
        return count >= self.size and self._total / count < self._timing.quick.total_seconds()
