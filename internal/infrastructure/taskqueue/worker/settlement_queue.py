from collections.abc import Callable, Sequence

from internal.infrastructure.taskqueue.delivery.outcomes import Outcome
from internal.infrastructure.taskqueue.delivery.settlements import Lease, Settlement
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.infrastructure.taskqueue.worker.promise import Promise


class QueuedSettlement(Settlement):
    """A settlement that somebody may wait for."""

    __slots__ = ("is_accepted",)

    def __init__(self, lease: Lease, outcome: Outcome) -> None:
        super().__init__(lease, outcome)
        self.is_accepted: Promise[bool] = Promise()


class SettlementQueue:
    """Outcomes that wait for the fetcher's next call; `changed` is called for each new one."""

    def __init__(self, *, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._waiting: list[QueuedSettlement] = []

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def add(self, lease: Lease, outcome: Outcome) -> Promise[bool]:
        """Report an outcome to Redis with the next call.

        The promise is kept once Redis has answered: False if the lease was no longer valid.
        """
        settlement = QueuedSettlement(lease, outcome)
        self._waiting.append(settlement)
        self._changed()
        return settlement.is_accepted

    def take(self) -> Sequence[QueuedSettlement]:
        """The settlements of the next call, which is to confirm them or put them back."""
        taken, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        return taken

    def put_back(self, settlements: Sequence[QueuedSettlement]) -> None:
        """There was no reply: nobody knows whether they are settled."""
        for settlement in settlements:
            settlement.was_sent = True
        self._waiting[:0] = settlements

    def confirm(self, settlements: Sequence[QueuedSettlement], *, rejected: set[int]) -> None:
        """Redis has rejected the settlements at these places, and accepted the others."""
        for place, settlement in enumerate(settlements):
            # One that was sent before was settled then: that is why its token is gone.
            settlement.is_accepted.keep(place not in rejected or settlement.was_sent)
