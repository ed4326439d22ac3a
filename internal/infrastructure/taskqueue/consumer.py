import time
from collections.abc import Callable, Iterable
from typing import Any

from dramatiq.broker import Consumer, MessageProxy

from internal.infrastructure.taskqueue import scripts
from internal.infrastructure.taskqueue.delivery import Delivery
from internal.infrastructure.taskqueue.exchange import NOTHING, Demand, Exchange, Settlement
from internal.infrastructure.taskqueue.outcomes import RELEASED, Outcome
from internal.infrastructure.taskqueue.timing import Timing

LOOK_EVERY = 0.05  # seconds


class QueueConsumer(Consumer):
    """One queue's tasks for Dramatiq's own Worker, with leases, tokens and outcomes as for the engine's."""

    def __init__(
        self,
        call: Callable[[scripts.Script, Any], Any],
        queue_name: str,
        *,
        prefetch: int,
        timeout: int,
        timing: Timing,
    ) -> None:
        self._run = call
        self._timing = timing
        self._prefetch = prefetch
        self._timeout = timeout / 1000
        self._exchange = Exchange(queues={queue_name: 1}, strict=False, timing=timing)
        self._held: dict[str, Delivery] = {}
        self._waiting: list[Delivery] = []
        self._extend_at = time.monotonic()

    def __next__(self) -> MessageProxy | None:
        """The next message, or None after the timeout."""
        give_up = time.monotonic() + self._timeout
        while True:
            self._extend_if_due()
            if self._waiting:
                return self._waiting.pop(0)
            room = min(scripts.MOST_AT_ONCE, self._prefetch - len(self._held))
            if room > 0:
                self._call([], Demand(total=room, direct=room, suspect=True))
            if not self._waiting:
                if time.monotonic() >= give_up:
                    return None
                time.sleep(min(LOOK_EVERY, self._timeout))

    def ack(self, message: MessageProxy) -> None:
        self._settle(message)

    def nack(self, message: MessageProxy) -> None:
        message.fail()
        self._settle(message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Hand messages back to the front of their queue, in their order."""
        deliveries = [message for message in messages if isinstance(message, Delivery)]
        released = [_settlement(delivery, RELEASED) for delivery in reversed(deliveries)]
        for first in range(0, len(released), scripts.MOST_AT_ONCE):
            self._call(released[first : first + scripts.MOST_AT_ONCE], NOTHING)
        for delivery in deliveries:
            self._held.pop(delivery.task_id, None)

    def close(self) -> None:
        self.requeue(list(self._waiting))
        self._waiting.clear()

    def _settle(self, message: MessageProxy) -> None:
        if not isinstance(message, Delivery):
            raise TypeError("this consumer settles only what it has handed out")
        self._call([_settlement(message, message.settled_as())], NOTHING)
        self._held.pop(message.task_id, None)

    def _call(self, settlements: list[Settlement], demand: Demand) -> None:
        fetched = self._exchange.read(
            self._run(scripts.SETTLE_AND_FETCH, self._exchange.request(settlements, demand))
        )
        self._held.update((delivery.task_id, delivery) for delivery in fetched.deliveries)
        self._waiting.extend(fetched.deliveries)
        if fetched.unreadable:
            self._call(fetched.unreadable, NOTHING)

    def _extend_if_due(self) -> None:
        if self._held and time.monotonic() >= self._extend_at:
            self._extend_at = time.monotonic() + self._timing.extend_every.total_seconds()
            held: list[Any] = [delivery.holding for delivery in list(self._held.values())]
            self._run(scripts.EXTEND, self._exchange.extension(held, reconcile=False))


def _settlement(delivery: Delivery, outcome: Outcome) -> Settlement:
    return Settlement(delivery.holding, outcome, delivery)
