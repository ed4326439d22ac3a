import time
from collections import deque
from collections.abc import Iterable, Sequence

import structlog
from dramatiq import Broker
from dramatiq.broker import Consumer, MessageProxy

from internal.infrastructure.taskqueue.broker.lease_keeper import Call, LeaseKeeper
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.exchange import Demand, Fetched, Lease, Settlement
from internal.infrastructure.taskqueue.delivery.outcomes import RELEASED, Outcome
from internal.infrastructure.taskqueue.delivery.precheck import precheck
from internal.infrastructure.taskqueue.delivery.settled_as import settled_as
from internal.infrastructure.taskqueue.delivery.signals import emit, signals_of
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.timing import Timing

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.05  # seconds


class QueueConsumer(Consumer):
    """One queue's tasks for Dramatiq's own Worker, with leases, tokens and outcomes as for the engine's.

    `next` and `close` belong to one thread; messages may be settled by any.
    """

    def __init__(
        self,
        broker: Broker,
        queue_name: str,
        *,
        call: Call,
        keeper: LeaseKeeper,
        timing: Timing,
        prefetch: int,
        timeout: int,
    ) -> None:
        self._broker = broker
        self._queue_name = queue_name
        self._call = call
        self._keeper = keeper
        self._timing = timing
        self._prefetch = prefetch
        self._timeout = timeout / 1000
        self._exchange = keeper.new_exchange(queue_name)
        self._fetched: set[Lease] = set()
        self._waiting: deque[Delivery] = deque()

    def __next__(self) -> MessageProxy | None:
        """The next message, or None after the timeout.

        Raises:
            ConnectionClosed: Redis cannot be reached.
        """
        give_up = time.monotonic() + self._timeout
        while not self._waiting:
            self._fetch()
            if not self._waiting:
                if time.monotonic() >= give_up:
                    return None
                time.sleep(min(LOOK_EVERY, self._timeout))
        return self._waiting.popleft()

    def ack(self, message: MessageProxy) -> None:
        self._settle(message)

    def nack(self, message: MessageProxy) -> None:
        if isinstance(message, Delivery):
            message.fail()
        self._settle(message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Hand messages back to the front of their queue, in their order."""
        deliveries = [message for message in messages if isinstance(message, Delivery)]
        self._keeper.let_go(delivery.lease for delivery in deliveries)
        try:
            self._keeper.settle([_settlement(delivery, RELEASED) for delivery in reversed(deliveries)])
        except BaseException:
            self._leave_behind()
            raise

    def close(self) -> None:
        waiting = list(self._waiting)
        self._waiting.clear()
        self.requeue(waiting)

    def _fetch(self) -> None:
        self._fetched = self._keeper.held_among(self._fetched)
        room = min(scripts.MOST_AT_ONCE, self._prefetch - len(self._fetched))
        if room <= 0:
            return
        demand = Demand(total=room, direct=room, suspect=not self._keeper.has_suspect)
        try:
            reply = self._call(scripts.SETTLE_AND_FETCH, self._exchange.request([], demand))
            self._admit(self._exchange.read(reply))
        except BaseException:
            self._leave_behind()
            raise

    def _admit(self, fetched: Fetched) -> None:
        over = list(fetched.unreadable)
        for delivery in fetched.deliveries:
            if outcome := precheck(delivery, actors=self._broker.actors, timing=self._timing):
                over.append(_settlement(delivery, outcome))
            else:
                self._keeper.hold([delivery])
                self._fetched.add(delivery.lease)
                self._waiting.append(delivery)
        self._end(over)

    def _end(self, settlements: Sequence[Settlement]) -> None:
        """Settle what Dramatiq's Worker does not get to see, and tell middleware as it would."""
        for settlement in settlements:
            emit(self._broker, "before", signals_of(settlement))
        self._keeper.settle(settlements)
        for settlement in settlements:
            emit(self._broker, "after", signals_of(settlement))

    def _leave_behind(self) -> None:
        """Nobody knows what Redis has handed out, or taken back: it does, and the keeper asks it."""
        self._keeper.take_over(self._exchange)
        self._exchange = self._keeper.new_exchange(self._queue_name)

    def _settle(self, message: MessageProxy) -> None:
        if not isinstance(message, Delivery):
            log.warning("task.not_settled", task_id=message.message_id, reason="it came from elsewhere")
            return
        settlement = _settlement(message, settled_as(message))
        # Dramatiq's Worker tells of the ack or nack itself, but not of another attempt: its Retries would.
        untold = [signal for signal in signals_of(settlement) if signal[0] == "enqueue"]
        emit(self._broker, "before", untold)
        self._keeper.settle([settlement])
        emit(self._broker, "after", untold)


def _settlement(delivery: Delivery, outcome: Outcome) -> Settlement:
    return Settlement(delivery.lease, outcome, delivery)
