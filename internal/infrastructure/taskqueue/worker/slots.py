import asyncio
from collections import deque
from time import monotonic

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.settlements import Demand
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.taskqueue.worker.promise import Promise

# Tasks whose duration counts.
MEASURED = 100
# Fetched ahead for each slot: as many as start within `look_ahead` while tasks are as slow as `quick`.
AHEAD = 10


class Slots:
    """Which tasks a worker runs, which wait for a slot, and how many more it wants.

    Only quick tasks wait, where a round trip to Redis takes as long as the task. A task that waits too
    long goes back to Redis, because another worker may be idle.
    """

    def __init__(self, size: int, *, timing: Timing) -> None:
        self.size = size
        self._patience = timing.look_ahead.total_seconds()
        self._quick = timing.quick.total_seconds()
        # All that have come and not left: on their way to a slot, waiting or running.
        self._present: set[Delivery] = set()
        self._waiting: dict[Delivery, Promise[bool]] = {}
        self._running: set[Delivery] = set()
        self._suspects = 0
        self._durations: deque[float] = deque(maxlen=MEASURED)
        self._total = 0.0
        # A task had to go back, and no slot has become free since.
        self._is_stalled = False
        self._timer: asyncio.TimerHandle | None = None
        # When a task entered for the first time in this turn of the event loop.
        self._turn_began: float | None = None

    @property
    def running(self) -> list[Delivery]:
        return list(self._running)

    def expect(self, delivery: Delivery) -> None:
        """Count a delivery that will enter or leave."""
        self._present.add(delivery)
        self._suspects += delivery.suspect

    async def enter(self, delivery: Delivery) -> bool:
        """Wait for a slot; False if the delivery was sent away instead."""
        if not self._waiting and len(self._running) < self.size and self._turn_has_time():
            self._running.add(delivery)
            return True
        has_slot: Promise[bool] = Promise()
        self._waiting[delivery] = has_slot
        if self._timer is None:
            self._send_away_after(self._patience)
        return await has_slot.kept()

    def leave(self, delivery: Delivery) -> None:
        """The delivery needs a slot no longer, whether it had one or not; the next in line takes it."""
        if delivery not in self._present:
            return
        self._present.discard(delivery)
        self._suspects -= delivery.suspect
        if delivery in self._running:
            self._running.discard(delivery)
            self._is_stalled = False
            self._measure(delivery.attempt.seconds)
            self._let_in()

    def demand(self) -> Demand:
        """How many tasks are wanted."""
        ahead = AHEAD * self.size if self._is_quick and not self._is_stalled else 0
        taken = len(self._present)
        direct = max(0, self.size - taken)
        total = min(MOST_AT_ONCE, max(0, self.size + ahead - taken))
        return Demand(total=total, direct=min(total, direct), suspect=direct > 0 and not self._suspects)

    def send_away_waiting(self, *, longer_than: float = 0) -> None:
        """Send away the tasks that have waited this many seconds, the last in line first."""
        since = monotonic() - longer_than
        stale = [delivery for delivery in self._waiting if delivery.fetched_at <= since]
        for delivery in reversed(stale):
            self.send_away(delivery)
        self._is_stalled = self._is_stalled or bool(stale)

    def send_away(self, delivery: Delivery) -> None:
        """Let a delivery wait no longer; one that does not wait stays."""
        if has_slot := self._waiting.pop(delivery, None):
            self.leave(delivery)
            has_slot.keep(value=False)

    def _let_in(self) -> None:
        """Give the free slots to the first in line."""
        while self._waiting and len(self._running) < self.size:
            delivery = next(iter(self._waiting))
            self._running.add(delivery)
            self._waiting.pop(delivery).keep(value=True)

    def _turn_has_time(self) -> bool:
        """Whether another task may start in this turn of the event loop.

        Tasks that do not suspend run one after another in one turn, and the loop serves nothing else. That
        makes for large batches of outcomes, but may take no longer than a task may wait.
        """
        now = monotonic()
        if self._turn_began is None:
            self._turn_began = now
            asyncio.get_running_loop().call_soon(self._end_turn)
        return now - self._turn_began < self._patience

    def _end_turn(self) -> None:
        self._turn_began = None
        self._let_in()

    def _send_away_after(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._send_away_stale)

    def _send_away_stale(self) -> None:
        self._timer = None
        self.send_away_waiting(longer_than=self._patience)
        if self._waiting:
            first = next(iter(self._waiting))
            self._send_away_after(max(0, first.fetched_at + self._patience - monotonic()))

    def _measure(self, seconds: float) -> None:
        if len(self._durations) == MEASURED:
            self._total -= self._durations[0]
        self._durations.append(seconds)
        self._total += seconds

    @property
    def _is_quick(self) -> bool:
        count = len(self._durations)
        return count >= self.size and self._total / count < self._quick
