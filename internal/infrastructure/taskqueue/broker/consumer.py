import time
from collections import deque
from collections.abc import Container, Iterable, Sequence

import structlog
from dramatiq import Broker
from dramatiq.broker import Consumer, MessageProxy

from internal.infrastructure.taskqueue.broker.lease_keeper import Call, LeaseKeeper
from internal.infrastructure.taskqueue.delivery.arrivals import Fetched, read_fetch
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.failure_marks import with_mark
from internal.infrastructure.taskqueue.delivery.outcomes import RELEASED, Outcome
from internal.infrastructure.taskqueue.delivery.precheck import precheck
from internal.infrastructure.taskqueue.delivery.settled_as import settled_as
from internal.infrastructure.taskqueue.delivery.settlements import (
    Demand,
    Lease,
    QueueRow,
    Settlement,
    fetch_request,
)
from internal.infrastructure.taskqueue.delivery.signals import emit, signals_of
from internal.infrastructure.taskqueue.delivery.worker_session import Session
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.fetch_size import FetchSize
from internal.infrastructure.taskqueue.protocol.timing import Timing

log = structlog.get_logger(__name__)

# Seconds between two fetches of an empty queue.
LOOK_EVERY = 0.05


class QueueConsumer(Consumer):
    """One queue's tasks for Dramatiq's own Worker, with leases, tokens and outcomes as in the engine's.

    One thread calls `next` and `close`; any thread may settle a message.
    """

    def __init__(
        self,
        broker: Broker,
        queue_name: str,
        *,
        call: Call,
        keeper: LeaseKeeper,
        timing: Timing,
        payload_keys: Container[str],
        prefetch: int,
        timeout: int,
    ) -> None:
        self._broker = broker
        self._queues = [QueueRow(queue_name)]
        self._call = call
        self._keeper = keeper
        self._timing = timing
        self._payload_keys = payload_keys
        self._prefetch = prefetch
        self._timeout = timeout / 1000
        self._session = Session()
        self._size = FetchSize()
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
        leases = [message.lease for message in messages if isinstance(message, Delivery)]
        self._keeper.let_go(leases)
        try:
            self._keeper.settle([Settlement(lease, RELEASED) for lease in reversed(leases)])
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
        request = fetch_request(
            self._session.next_call(),
            queues=self._queues,
            demand=Demand(total=room, direct=room, suspect=not self._keeper.has_suspect),
            size=self._size,
            timing=self._timing,
        )
        try:
            reply = self._call(scripts.SETTLE_AND_FETCH, request)
            self._admit(read_fetch(reply, token=request.token))
        except BaseException:
            self._leave_behind()
            raise

    def _admit(self, fetched: Fetched) -> None:
        self._size.arrived(tasks=fetched.tasks, size=fetched.size)
        refused = []
        for delivery in fetched.deliveries:
            delivery.begin()
            if outcome := self._precheck(delivery):
                refused.append((delivery, outcome))
            else:
                self._keeper.hold([delivery])
                self._fetched.add(delivery.lease)
                self._waiting.append(delivery)
        self._refuse(refused, fetched.unreadable)

    def _precheck(self, delivery: Delivery) -> Outcome | None:
        return precheck(
            delivery, actors=self._broker.actors, timing=self._timing, payload_keys=self._payload_keys
        )

    def _refuse(self, refused: Sequence[tuple[Delivery, Outcome]], unreadable: Sequence[Settlement]) -> None:
        """Settle the tasks that Dramatiq's Worker does not see, and call the hooks that it would."""
        signals = [signal for delivery, outcome in refused for signal in signals_of(delivery, outcome)]
        emit(self._broker, "before", signals)
        ended = [Settlement(delivery.lease, with_mark(outcome, delivery)) for delivery, outcome in refused]
        self._keeper.settle([*unreadable, *ended])
        emit(self._broker, "after", signals)

    def _leave_behind(self) -> None:
        """Only Redis knows which tasks it has handed out or taken back: the keeper asks it."""
        self._keeper.take_over(self._session)
        self._session, self._size = Session(), FetchSize()

    def _settle(self, message: MessageProxy) -> None:
        if not isinstance(message, Delivery):
            log.warning("task.not_settled", task_id=message.message_id, reason="it came from elsewhere")
            return
        outcome = settled_as(message)
        # Dramatiq's Worker reports the ack or nack, but no retry: its own Retries would enqueue that.
        unreported = [signal for signal in signals_of(message, outcome) if signal[0] == "enqueue"]
        emit(self._broker, "before", unreported)
        self._keeper.settle([Settlement(message.lease, with_mark(outcome, message))])
        emit(self._broker, "after", unreported)
