from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from dramatiq import Message
from dramatiq.errors import DecodeError

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.failure_marks import unreadable_mark
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.delivery.settlements import FetchReply, Lease, Settlement, TaskRow
from internal.infrastructure.taskqueue.protocol.any_bytes import lossless
from internal.infrastructure.taskqueue.protocol.failure_mark import encode_mark
from internal.infrastructure.telemetry.error_text import bounded


@dataclass(slots=True, kw_only=True)
class Fetched:
    """A reply of `settle_and_fetch`, decoded."""

    # Places in the request's outcomes whose token no longer held.
    rejected: set[int]
    deliveries: list[Delivery] = field(default_factory=list)
    # These archive the tasks whose message cannot be decoded.
    unreadable: list[Settlement] = field(default_factory=list)
    # The credit of each queue, in the order of the request.
    credits: Sequence[int] = ()
    # Seconds until the next task is due; None if no task is.
    due_in: float | None = None
    # Bytes of all messages.
    size: int = 0
    # The rows that `warn_of_refused` takes.
    refused_followers: Sequence[Any] = ()

    @property
    def tasks(self) -> int:
        return len(self.deliveries) + len(self.unreadable)


def read_fetch(reply: Any, *, token: str) -> Fetched:
    """Decode the reply to the call with this token, by which its tasks are held."""
    answer = FetchReply(*reply)
    fetched = Fetched(
        rejected={place - 1 for place in answer.rejected},
        credits=answer.credits,
        due_in=None if answer.due_in < 0 else answer.due_in / 1000,
        refused_followers=answer.refused_followers,
    )
    for row in answer.tasks:
        _add(TaskRow(*row), token, fetched)
    return fetched


def _add(row: TaskRow, token: str, fetched: Fetched) -> None:
    lease = Lease(row.queue.decode(), lossless(row.task_id), token)
    fetched.size += len(row.message)
    try:
        _require_utf_8(row)
        message = _decode(row.message)
    except DecodeError as error:
        note = bounded(f"cannot be read: {error}").encode()
        outcome = Outcome(Kind.ARCHIVED, note=note, mark=encode_mark(unreadable_mark()))
        fetched.unreadable.append(Settlement(lease, outcome))
        return
    fetched.deliveries.append(
        Delivery(
            message,
            lease=lease,
            data=row.message,
            deadline=None if row.deadline == b"" else monotonic() + int(row.deadline) / 1000,
            suspect=bool(row.suspect),
            crashes=row.crashes,
            is_cancelled=bool(row.cancelled),
            waited=row.waited / 1000,
        )
    )


def _require_utf_8(row: TaskRow) -> None:
    """Raise DecodeError for an id that logs, hooks and Postgres cannot have."""
    if row.task_id.isascii():
        return
    try:
        row.task_id.decode()
    except UnicodeDecodeError as error:
        raise DecodeError("its id is not UTF-8", row.message, error) from error


def _decode(data: bytes) -> Message[Any]:
    """Raise DecodeError for anything that is not a well-formed message."""
    message = Message.decode(data)
    if not (
        type(message.actor_name) is str and type(message.kwargs) is dict and type(message.options) is dict
    ):
        raise DecodeError("not a message", data, None)
    return message
