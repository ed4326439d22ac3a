"""Requests and replies of the two scripts that a worker lives on, `settle_and_fetch` and `extend`.

The tuples have the order in which the scripts take and return them. Times are in milliseconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.delivery.worker_session import Call, Session
from internal.infrastructure.taskqueue.protocol.fetch_size import FetchSize
from internal.infrastructure.taskqueue.protocol.scripts import text
from internal.infrastructure.taskqueue.protocol.timing import ARCHIVE_MOST, Timing, milliseconds


class Lease(NamedTuple):
    """The right to settle one task, and what proves it: the token of the call that fetched the task."""

    queue: str
    task_id: str
    token: str


@dataclass(slots=True)
class Settlement:
    """An outcome on its way to Redis."""

    lease: Lease
    outcome: Outcome
    # At least once, without a reply.
    was_sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """How many tasks a worker can take; `direct` of them start at once."""

    total: int
    direct: int
    suspect: bool


NOTHING = Demand(total=0, direct=0, suspect=False)


class OutcomeRow(NamedTuple):
    kind: Kind
    queue: str
    task_id: str
    token: str
    number: int
    message: Any
    note: Any
    mark: Any


class QueueRow(NamedTuple):
    """One queue to fetch from; 0 means no limit."""

    queue: str
    weight: int = 1
    credit: int = 0
    max_running: int = 0
    rate: int = 0
    per: int = 0


class ArchiveBounds(NamedTuple):
    tasks: int
    longest: int


class FetchRequest(NamedTuple):
    worker: str
    epoch: int
    token: str
    lease: int
    gap: int
    outcomes: Sequence[OutcomeRow]
    queues: Sequence[QueueRow]
    is_strict: bool
    demand: int
    direct: int
    suspect: int
    bytes: int
    archive: ArchiveBounds


class TaskRow(NamedTuple):
    queue: bytes
    task_id: bytes
    message: bytes
    # Time left; empty if the task has no deadline.
    deadline: Any
    suspect: int
    crashes: int
    cancelled: int
    waited: int


class FetchReply(NamedTuple):
    # Places in the request's outcomes, from 1.
    rejected: Sequence[int]
    tasks: Sequence[Any]
    credits: Sequence[int]
    due_in: int
    refused_followers: Sequence[Any] = ()


class ExtendRequest(NamedTuple):
    worker: str
    epoch: int
    lease: int
    gap: int
    held: Sequence[Lease]
    reconcile: int


class Extension(NamedTuple):
    """The leases that ended, and those whose task an operator has cancelled."""

    lost: Sequence[Lease]
    cancelled: Sequence[Lease]


def fetch_request(
    call: Call,
    settlements: Iterable[Settlement] = (),
    *,
    queues: Sequence[QueueRow] = (),
    is_strict: bool = False,
    demand: Demand = NOTHING,
    size: FetchSize,
    timing: Timing,
) -> FetchRequest:
    return FetchRequest(
        *call,
        lease=milliseconds(timing.lease),
        gap=milliseconds(timing.gap),
        outcomes=[_row(settlement) for settlement in settlements],
        queues=queues,
        is_strict=is_strict,
        demand=min(demand.total, size.tasks),
        direct=min(demand.direct, size.tasks),
        suspect=int(demand.suspect),
        bytes=size.bytes,
        archive=ArchiveBounds(ARCHIVE_MOST, milliseconds(timing.archive_for)),
    )


def extend_request(
    session: Session, held: Sequence[Lease], *, reconcile: bool, timing: Timing
) -> ExtendRequest:
    """Extend the leases; with `reconcile`, Redis also takes back what the worker does not name."""
    return ExtendRequest(
        session.worker_id,
        session.epoch,
        milliseconds(timing.lease),
        milliseconds(timing.gap),
        held,
        int(reconcile),
    )


def read_extension(reply: Any, request: ExtendRequest) -> Extension:
    lost, cancelled = ([request.held[place - 1] for place in places] for places in reply)
    return Extension(lost, cancelled)


def _row(settlement: Settlement) -> OutcomeRow:
    outcome = settlement.outcome
    return OutcomeRow(
        outcome.kind,
        *settlement.lease,
        outcome.number,
        text(outcome.message) if outcome.message else "",
        text(outcome.note) if outcome.note else "",
        text(outcome.mark) if outcome.mark else "",
    )
