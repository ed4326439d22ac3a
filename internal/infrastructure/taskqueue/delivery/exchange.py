"""What a worker asks of Redis, and what it is told: requests and replies of the scripts, without the I/O."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import MappingProxyType
from typing import Any

from dramatiq import Message
from dramatiq.errors import DecodeError

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.fetch_size import FetchSize
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.protocol.scripts import text
from internal.infrastructure.taskqueue.protocol.timing import ARCHIVE_MOST, Timing, milliseconds
from internal.infrastructure.telemetry.error_text import bounded
from internal.ports.tasks import Rate

Lease = tuple[str, str, str]  # queue, task id, token


@dataclass(slots=True)
class Settlement:
    """An outcome on its way to Redis. `delivery` is None for a message that nobody could read."""

    lease: Lease
    outcome: Outcome
    delivery: Delivery | None = None
    was_sent: bool = False  # at least once, with no reply

    @property
    def row(self) -> tuple[Any, ...]:
        """As `settle_and_fetch.lua` takes it."""
        outcome = self.outcome
        return (
            outcome.kind,
            *self.lease,
            outcome.number,
            text(outcome.message) if outcome.message else "",
            text(outcome.note) if outcome.note else "",
        )

    @property
    def about(self) -> dict[str, str]:
        """Of a message that nobody could read, for the log."""
        queue, task_id, _ = self.lease
        return {"queue": queue, "task_id": task_id, "reason": self.outcome.note.decode(errors="replace")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """How many tasks a worker can take; `direct` of them start at once."""

    total: int
    direct: int
    suspect: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimit:
    """How many tasks of a queue run at once, and start in a window, over all workers; None is no limit."""

    max_running: int | None = None
    rate: Rate | None = None


UNLIMITED = QueueLimit()


NOTHING = Demand(total=0, direct=0, suspect=False)


@dataclass(slots=True, kw_only=True)
class Fetched:
    rejected: set[int]  # places in the batch of settlements
    deliveries: list[Delivery] = field(default_factory=list)
    unreadable: list[Settlement] = field(default_factory=list)
    due_in: float | None = None  # seconds until something is due; None if nothing is
    refused_followers: Sequence[Any] = ()  # as `warn_of_refused` takes them


class Exchange:
    """One worker's side of the conversation: who it is, which queues it serves, what they are owed."""

    def __init__(
        self,
        *,
        queues: Mapping[str, int],
        strict: bool,
        timing: Timing,
        limits: Mapping[str, QueueLimit] = MappingProxyType({}),
    ) -> None:
        self.worker_id = str(uuid.uuid4())
        self.epoch = 0
        self._calls = 0
        self._strict = strict
        self._timing = timing
        self._limits = limits
        self._weights: dict[str, int] = {}
        self._asked: list[str] = []  # the queues of the last request, in its order
        self._credits: dict[str, int] = {}
        self._size = FetchSize()
        self.serve(queues)

    @property
    def is_strict(self) -> bool:
        return self._strict

    @property
    def weights(self) -> Mapping[str, int]:
        return self._weights

    @property
    def queues(self) -> Sequence[str]:
        return list(self._weights)

    def serve(self, queues: Mapping[str, int]) -> None:
        """Serve these queues from the next request on, each by its weight; in strict mode the heaviest first.

        It may be called from any thread, and while a reply is on its way.
        """
        self._weights = dict(sorted(queues.items(), key=lambda item: -item[1]))

    def request(self, settlements: Iterable[Settlement], demand: Demand) -> list[Any]:
        self._calls += 1
        weights = self._weights
        self._asked = list(weights)
        return [
            self.worker_id,
            self.epoch,
            self._token,
            milliseconds(self._timing.lease),
            milliseconds(self._timing.gap),
            [settlement.row for settlement in settlements],
            [self._queue_row(queue, weight) for queue, weight in weights.items()],
            self._strict,
            min(demand.total, self._size.tasks),
            min(demand.direct, self._size.tasks),
            int(demand.suspect),
            self._size.bytes,
            (ARCHIVE_MOST, milliseconds(self._timing.archive_for)),
        ]

    def missed(self) -> None:
        """A reply did not arrive: the next one is to be smaller."""
        self._size.missed()

    def extension(self, held: Sequence[Lease], *, reconcile: bool) -> list[Any]:
        """Extend what is held; to reconcile begins an epoch, in which calls of the last one fetch nothing."""
        if reconcile:
            self.epoch += 1
        timing = self._timing
        return [
            self.worker_id,
            self.epoch,
            milliseconds(timing.lease),
            milliseconds(timing.gap),
            held,
            int(reconcile),
        ]

    def read(self, reply: Any) -> Fetched:
        rejected, tasks, credits_left, due_in, *refused = reply
        self._credits = dict(zip(self._asked, credits_left, strict=True))
        fetched = Fetched(
            rejected={place - 1 for place in rejected},
            due_in=None if due_in < 0 else due_in / 1000,
            refused_followers=refused[0] if refused else (),
        )
        for task in tasks:
            self._read_task(task, fetched)
        if tasks:
            self._size.arrived(tasks=len(tasks), size=sum(len(task[2]) for task in tasks))
        return fetched

    def _queue_row(self, queue: str, weight: int) -> tuple[Any, ...]:
        limit = self._limits.get(queue, UNLIMITED)
        rate, per = (limit.rate.limit, milliseconds(limit.rate.per)) if limit.rate else (0, 0)
        return (queue, weight, self._credits.get(queue, 0), limit.max_running or 0, rate, per)

    @property
    def _token(self) -> str:
        return f"{self.worker_id}:{self._calls}"

    def _read_task(self, task: Any, fetched: Fetched) -> None:
        queue, task_id, data, left, suspect, crashes, cancelled = task
        lease = (queue.decode(), task_id.decode(), self._token)
        try:
            message = _decode(data)
        except DecodeError as error:
            outcome = Outcome(Kind.ARCHIVED, note=bounded(f"cannot be read: {error}").encode())
            fetched.unreadable.append(Settlement(lease, outcome))
            return
        fetched.deliveries.append(
            Delivery(
                message,
                queue=lease[0],
                task_id=lease[1],
                token=lease[2],
                data=data,
                deadline=None if left == b"" else monotonic() + int(left) / 1000,
                suspect=bool(suspect),
                crashes=crashes,
                is_cancelled=bool(cancelled),
            )
        )


def _decode(data: bytes) -> Message[Any]:
    """Raise DecodeError for whatever is not a message through and through."""
    message = Message.decode(data)
    if not (
        type(message.actor_name) is str and type(message.kwargs) is dict and type(message.options) is dict
    ):
        raise DecodeError("not a message", data, None)
    return message
