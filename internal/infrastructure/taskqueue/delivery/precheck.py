from collections.abc import Container

import structlog
from dramatiq.errors import ActorNotFound

from internal.infrastructure.taskqueue.delivery.attempt import Cancelled
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.failed_attempt import note_of
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.protocol import message_options
from internal.infrastructure.taskqueue.protocol.message_options import FORMAT, UNKNOWN
from internal.infrastructure.taskqueue.protocol.timing import MAX_CRASHES, Timing, milliseconds
from internal.infrastructure.tasks.encrypted_payload import is_encrypted, key_id_of, missing

log = structlog.get_logger(__name__)


def precheck(
    delivery: Delivery, *, actors: Container[str], timing: Timing, payload_keys: Container[str] = ()
) -> Outcome | None:
    """The outcome of a task that must not start; None for one that may.

    payload_keys: the ids of the keys that can decrypt payloads.
    """
    if delivery.cancelled is Cancelled.OPERATOR:
        return cancelled(delivery)
    if delivery.actor_name not in actors:
        outcome = not_understood(
            delivery, timing=timing, reason=f"no worker knows a task {delivery.actor_name!r}"
        )
        if outcome.kind is Kind.ARCHIVED:
            delivery.stuff_exception(ActorNotFound(delivery.actor_name))
        return outcome
    if reason := _why_unreadable(delivery, payload_keys):
        return not_understood(delivery, timing=timing, reason=reason)
    if delivery.crashes >= MAX_CRASHES:
        return _archived(delivery, f"poison: its worker died {delivery.crashes} times")
    if delivery.is_overdue:
        return _archived(delivery, "its deadline passed before it could start")
    return None


def _why_unreadable(delivery: Delivery, payload_keys: Container[str]) -> str | None:
    if delivery.options.get(FORMAT, 1) not in message_options.KNOWN_FORMATS:
        return "its message is of a newer version"
    payload = delivery.kwargs
    if not is_encrypted(payload):
        return None
    key_id = key_id_of(payload)
    return None if key_id is None or key_id in payload_keys else missing(key_id)


def not_understood(delivery: Delivery, *, timing: Timing, reason: str) -> Outcome:
    """The outcome of a task that another worker may understand: another try for some time."""
    offered = delivery.options.get(UNKNOWN, 0)
    times = offered + 1 if type(offered) is int else 1
    if times * timing.unknown_every > timing.unknown_grace:
        return _archived(delivery, reason)
    delivery.options[UNKNOWN] = times
    message = delivery._message.encode()  # noqa: SLF001 - a proxy cannot be encoded
    again_in = timing.unknown_every.total_seconds()
    log.warning("task.unknown", **_about(delivery), reason=reason, again_in=again_in)
    return Outcome(Kind.SCHEDULED, milliseconds(timing.unknown_every), message=message)


def cancelled(delivery: Delivery) -> Outcome:
    """The outcome of a task that an operator has cancelled, before or during its run."""
    delivery.fail()
    log.info("task.cancelled", **_about(delivery))
    return Outcome(Kind.ARCHIVED, note=note_of(delivery, "cancelled"))


def given_up_before(delivery: Delivery) -> Outcome:
    """The outcome of a task that a dead worker had archived in the completion log, but not in Redis."""
    return _archived(delivery, "it was given up before, by a worker that died before it could say so")


def _archived(delivery: Delivery, reason: str) -> Outcome:
    delivery.fail()
    log.error("task.archived", **_about(delivery), reason=reason)
    return Outcome(Kind.ARCHIVED, note=note_of(delivery, reason))


def _about(delivery: Delivery) -> dict[str, str]:
    return {"task_id": delivery.task_id, "task": delivery.actor_name, "queue": delivery.queue}
