"""The record of a failed attempt, and its outcome if no middleware has decided it."""

import os
import socket
import time
from typing import Any

from dramatiq import Message
from dramatiq.middleware.shutdown import Shutdown

from internal.infrastructure.taskqueue.delivery.backoff import asynq_delay
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.protocol.attempt_note import AttemptNote, encode_note
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.telemetry.error_text import MOST_TRACEBACK, bounded, stack, summary

DEFAULT_MAX_RETRIES = 25


class Undecided(BaseException):
    """An attempt ended without an error, and does not count as done either."""

    def __str__(self) -> str:
        return "middleware failed it, or it was interrupted as it ended"


def by_default(delivery: Delivery, error: BaseException, *, most: Any = None) -> Outcome:
    """Another attempt, or the archive after `most` retries: a failed task never counts as done.

    No hook, no option and no error can break this.
    """
    if delivery.attempt.gave_back or issubclass(type(error), Shutdown):
        return RELEASED
    retries = retries_of(delivery)
    most = delivery.options.get("max_retries") if most is None else most
    note = note_of(delivery, summary(error))
    if delivery.failed or retries >= (most if type(most) is int else DEFAULT_MAX_RETRIES):
        delivery.fail()
        return Outcome(Kind.ARCHIVED, message=message_after(delivery, error, retries=retries), note=note)
    return Outcome(
        Kind.RETRY,
        milliseconds(asynq_delay(min(retries, DEFAULT_MAX_RETRIES))),
        message=message_after(delivery, error, retries=retries + 1),
        note=note,
    )


def retries_of(delivery: Delivery) -> int:
    retries = delivery.options.get("retries", 0)
    return retries if type(retries) is int else 0


def note_of(delivery: Delivery, error: str) -> bytes:
    """An entry of the task's history of attempts."""
    attempt = delivery.attempt
    note = AttemptNote(
        error=bounded(delivery.hide(error)),
        retries=retries_of(delivery),
        worker=bounded(f"{socket.gethostname()}:{os.getpid()}"),
        ms=None if attempt.started_at is None else round(attempt.seconds * 1000),
    )
    return encode_note(note)


def message_after(delivery: Delivery, error: BaseException, *, retries: int) -> bytes:
    """The message to store from now on; empty, which keeps the stored one, if it cannot be encoded."""
    delivery.options["traceback"] = bounded(delivery.hide(stack(error)), MOST_TRACEBACK)
    delivery.options["requeue_timestamp"] = round(time.time() * 1000)
    delivery.options["retries"] = retries
    try:
        return delivery._message.encode()  # noqa: SLF001 - a proxy cannot be encoded
    except BaseException:  # noqa: BLE001 - the handler or a hook has put a value into it that cannot be stored
        return _as_fetched(delivery)


def _as_fetched(delivery: Delivery) -> bytes:
    """The message as it was fetched, with the record of this attempt."""
    kept = {name: delivery.options[name] for name in ("traceback", "requeue_timestamp", "retries")}
    try:
        return Message.decode(delivery.data).copy(options=kept).encode()
    except BaseException:  # noqa: BLE001 - it did not come from Redis
        return b""
