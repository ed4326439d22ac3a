import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog
from dramatiq.errors import ConnectionClosed

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.exchange import NOTHING, Exchange, Lease, Settlement
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.refused_followers import warn_of_refused
from internal.infrastructure.taskqueue.protocol.timing import Timing

log = structlog.get_logger(__name__)

LONGEST_PAUSE = 1.0  # seconds between attempts to reach Redis

Call = Callable[[scripts.Script, Any], Any]


class LeaseKeeper:
    """Keeps, and settles, what the consumers of a broker have handed to Dramatiq's own Worker.

    That gives up a consumer after an error and at a pause, while its tasks go on. So their leases are
    extended here, by a thread, and here is made good what consumers leave behind.
    """

    def __init__(self, call: Call, *, timing: Timing) -> None:
        self._call = call
        self._timing = timing
        self._exchange = Exchange(queues={}, strict=False, timing=timing)
        self._held: dict[Lease, Delivery] = {}
        self._left_behind: list[Exchange] = []
        self._lock = threading.Lock()
        self._signal = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def new_exchange(self, queue_name: str) -> Exchange:
        return Exchange(queues={queue_name: 1}, strict=False, timing=self._timing)

    def hold(self, deliveries: Iterable[Delivery]) -> None:
        with self._lock:
            self._held.update((delivery.lease, delivery) for delivery in deliveries)
        self._start()

    def held_among(self, leases: Iterable[Lease]) -> set[Lease]:
        with self._lock:
            return self._held.keys() & set(leases)

    @property
    def has_suspect(self) -> bool:
        with self._lock:
            return any(delivery.suspect for delivery in self._held.values())

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Raise ConnectionClosed if Redis does not answer; then they are still held."""
        for first in range(0, len(settlements), scripts.MOST_AT_ONCE):
            batch = settlements[first : first + scripts.MOST_AT_ONCE]
            reply = self._call(scripts.SETTLE_AND_FETCH, self._exchange.request(batch, NOTHING))
            fetched = self._exchange.read(reply)
            warn_of_refused(fetched.refused_followers)
            for place in fetched.rejected:
                reason = "it is settled already, or no longer ours"
                log.warning("task.not_settled", task_id=batch[place].lease[1], reason=reason)
            self.let_go(settlement.lease for settlement in batch)

    def let_go(self, leases: Iterable[Lease]) -> None:
        with self._lock:
            for lease in leases:
                self._held.pop(lease, None)

    def take_over(self, exchange: Exchange) -> None:
        """Have Redis take back what it handed out through this exchange and nobody here holds."""
        with self._lock:
            self._left_behind.append(exchange)
        self._start()
        self._signal.set()

    def close(self) -> None:
        self._is_closed = True
        self._signal.set()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep, daemon=True, name="lease-keeper")
                self._thread.start()

    def _keep(self) -> None:
        beat = pause = self._timing.extend_every.total_seconds()
        while not self._is_closed:
            self._signal.wait(pause)
            self._signal.clear()
            try:
                self._extend()
            except ConnectionClosed:
                pause = min(beat, LONGEST_PAUSE)
            except Exception:
                log.exception("lease_keeper.failed")  # a defect, which must not end the thread
            else:
                pause = beat

    def _extend(self) -> None:
        with self._lock:
            held, left_behind = list(self._held), list(self._left_behind)
        for exchange in left_behind:
            self._tell(exchange, held, reconcile=True)
            self._left_behind.remove(exchange)
        if held and not left_behind:
            self._tell(self._exchange, held, reconcile=False)

    def _tell(self, exchange: Exchange, held: Sequence[Lease], *, reconcile: bool) -> None:
        lost, _ = self._call(scripts.EXTEND, exchange.extension(held, reconcile=reconcile))
        gone = self.held_among(held[place - 1] for place in lost)  # what was settled meanwhile is not
        for lease in gone:
            log.warning("task.lease_lost", task_id=lease[1])
        self.let_go(gone)
