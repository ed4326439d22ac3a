"""A failed attempt, and what the engine's Retries make of it; nothing here speaks with Redis."""

from collections.abc import Sequence
from typing import Any

import dramatiq
from dramatiq import Message
from dramatiq.middleware import Middleware
from structlog.testing import capture_logs

from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import Outcome
from internal.infrastructure.taskqueue.delivery.retries import Retries
from internal.infrastructure.taskqueue.delivery.settled_as import settled_as
from internal.infrastructure.taskqueue.delivery.settlements import Lease


def offline_broker(middleware: Sequence[Middleware] = ()) -> RedisBroker:
    """A broker whose Redis is nowhere: a client connects when it is used."""
    return RedisBroker(url="redis://127.0.0.1:1/0", middleware=middleware)


def declare(broker: RedisBroker, **options: Any) -> None:
    dramatiq.actor(broker=broker, actor_name="work", **options)(_work)


def delivery(
    payload: dict[str, Any] | None = None,
    *,
    suspect: bool = False,
    is_cancelled: bool = False,
    task_id: str = "1",
    **options: Any,
) -> Delivery:
    """One whose attempt may begin."""
    message = Message[None]("default", "work", (), payload or {}, options)
    lease = Lease("default", task_id, "token")
    held = Delivery(message, lease=lease, suspect=suspect, is_cancelled=is_cancelled)
    held.begin()
    return held


def failed(attempt: Delivery, exception: BaseException, *, retries: Retries, **options: Any) -> Outcome:
    """What it comes to, for an actor with these options."""
    broker = offline_broker([retries])
    declare(broker, **options)
    attempt.stuff_exception(exception)
    with capture_logs():  # rendering a long chain of errors takes seconds
        broker.emit_after("process_message", attempt, exception=exception)
    return settled_as(attempt)


def _work() -> None:
    pass
