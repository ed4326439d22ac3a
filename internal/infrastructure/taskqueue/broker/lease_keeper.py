import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog
from dramatiq.errors import ConnectionClosed

from internal.infrastructure.taskqueue.delivery.arrivals import read_fetch
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.settlements import (
    Lease,
    Settlement,
    extend_request,
    fetch_request,
    read_extension,
)
from internal.infrastructure.taskqueue.delivery.worker_session import Session
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.fetch_size import FetchSize
from internal.infrastructure.taskqueue.protocol.refused_followers import warn_of_refused
from internal.infrastructure.taskqueue.protocol.timing import Timing

log = structlog.get_logger(__name__)

# Seconds between attempts to reach Redis.
LONGEST_PAUSE = 1.0

Call = Callable[[scripts.Script, Any], Any]


class LeaseKeeper:
    """Holds and settles the tasks that a broker's consumers have handed to Dramatiq's own Worker.

    That worker drops a consumer after an error and at a pause, while the consumer's tasks go on. So a
    thread of the keeper extends all leases, and asks Redis to take back the tasks that a dropped consumer
    may have been given in a lost reply.
    """

    def __init__(self, call: Call, *, timing: Timing) -> None:
        self._call = call
        self._timing = timing
        self._session = Session()
        self._held: dict[Lease, Delivery] = {}
        self._left_behind: list[Session] = []
        self._lock = threading.Lock()
        self._signal = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_closed = False

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
        """Tell Redis the outcomes, in batches.

        Raises:
            ConnectionClosed: Redis does not answer. The tasks of this batch and later ones are still held.
        """
        for first in range(0, len(settlements), scripts.MOST_AT_ONCE):
            self._settle_batch(settlements[first : first + scripts.MOST_AT_ONCE])

    def _settle_batch(self, batch: Sequence[Settlement]) -> None:
        request = fetch_request(self._session.next_call(), batch, size=FetchSize(), timing=self._timing)
        answer = read_fetch(self._call(scripts.SETTLE_AND_FETCH, request), token=request.token)
        warn_of_refused(answer.refused_followers)
        for place in answer.rejected:
            reason = "it is settled already, or no longer ours"
            log.warning("task.not_settled", task_id=batch[place].lease.task_id, reason=reason)
        self.let_go(settlement.lease for settlement in batch)

    def let_go(self, leases: Iterable[Lease]) -> None:
        with self._lock:
            for lease in leases:
                self._held.pop(lease, None)

    def take_over(self, session: Session) -> None:
        """Have Redis take back the tasks that it handed out in this session and nobody here holds."""
        with self._lock:
            self._left_behind.append(session)
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
                # A defect, which must not end the thread.
                log.exception("lease_keeper.failed")
            else:
                pause = beat

    def _extend(self) -> None:
        with self._lock:
            held, left_behind = list(self._held), list(self._left_behind)
        for session in left_behind:
            session.begin_epoch()
            self._call_extend(session, held, reconcile=True)
            self._left_behind.remove(session)
        if held and not left_behind:
            self._call_extend(self._session, held, reconcile=False)

    def _call_extend(self, session: Session, held: Sequence[Lease], *, reconcile: bool) -> None:
        request = extend_request(session, held, reconcile=reconcile, timing=self._timing)
        extension = read_extension(self._call(scripts.EXTEND, request), request)
        # A task that was settled during the call is not lost.
        lost = self.held_among(extension.lost)
        for lease in lost:
            log.warning("task.lease_lost", task_id=lease.task_id)
        self.let_go(lost)
