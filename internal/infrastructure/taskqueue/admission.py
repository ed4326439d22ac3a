from collections.abc import Container
from datetime import timedelta

import msgspec
import structlog
from dramatiq.errors import ActorNotFound

from internal.infrastructure.taskqueue.delivery import Delivery
from internal.infrastructure.taskqueue.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.timing import MAX_CRASHES, Timing, milliseconds

log = structlog.get_logger(__name__)

# A message's option: how often no worker knew its task.
UNKNOWN = "unknown"


def refusal(delivery: Delivery, *, actors: Container[str], timing: Timing) -> Outcome | None:
    """What becomes of a task that is not to be started; None for one that is."""
    if delivery.actor_name not in actors:
        return _unknown(delivery, every=timing.unknown_every, grace=timing.unknown_grace)
    if delivery.crashes >= MAX_CRASHES:
        return _archived(delivery, f"poison: its worker died {delivery.crashes} times")
    if delivery.is_overdue:
        return _archived(delivery, "its deadline passed before it could start")
    return None


def _unknown(delivery: Delivery, *, every: timedelta, grace: timedelta) -> Outcome:
    """A worker of a newer version may know it: offer it again for a while."""
    times = delivery.options.get(UNKNOWN, 0) + 1
    if times * every > grace:
        delivery.stuff_exception(ActorNotFound(delivery.actor_name))
        return _archived(delivery, f"no worker knows a task {delivery.actor_name!r}")
    delivery.options[UNKNOWN] = times
    message = delivery._message.encode()  # noqa: SLF001 - a proxy cannot be encoded
    log.warning("task.unknown", **_about(delivery), again_in=every.total_seconds())
    return Outcome(Kind.SCHEDULED, milliseconds(every), message=message)


def _archived(delivery: Delivery, reason: str) -> Outcome:
    delivery.fail()
    log.error("task.archived", **_about(delivery), reason=reason)
    note = msgspec.json.encode({"retries": delivery.options.get("retries", 0), "error": reason})
    return Outcome(Kind.ARCHIVED, note=note)


def _about(delivery: Delivery) -> dict[str, str]:
    return {"task_id": delivery.task_id, "task": delivery.actor_name, "queue": delivery.queue}
