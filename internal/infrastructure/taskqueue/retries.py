import random
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from dramatiq import Broker, MessageProxy, Retry
from dramatiq.actor import Actor
from dramatiq.common import compute_backoff
from dramatiq.middleware import Retries as StockRetries
from dramatiq.middleware.retries import DEFAULT_MAX_BACKOFF
from dramatiq.middleware.shutdown import Shutdown

from internal.infrastructure.taskqueue.admission import cancelled
from internal.infrastructure.taskqueue.delivery import Cancelled, Delivery
from internal.infrastructure.taskqueue.outcomes import RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.timing import milliseconds
from internal.ports.tasks import Permanent, RetryLater

log = structlog.get_logger(__name__)

DEFAULT_MAX_RETRIES = 25

RetryDelay = Callable[[int, BaseException], timedelta]


def asynq_delay(retries: int, *, draw: Callable[[int], int] = random.randrange) -> timedelta:
    """How long to wait before the next attempt, after `retries` earlier ones.

    Asynq's DefaultRetryDelayFunc: n^4 + 15 + random(0..29) * (n + 1) seconds, 20.5 days for 25 retries.
    """
    return timedelta(seconds=retries**4 + 15 + draw(30) * (retries + 1))


class Retries(StockRetries):
    """Decides what a failed attempt comes to, and leaves it to the engine to tell Redis.

    The stock middleware enqueues the message again and has the old one acknowledged: a task is lost if
    Redis cannot be reached in between, and is there twice for a moment if it can. Here the decision is
    part of the one call that settles the task.

    Takes Dramatiq's options, and `retry_delay`: (retries so far, exception) -> timedelta.
    """

    def __init__(
        self,
        *,
        max_retries: int = DEFAULT_MAX_RETRIES,
        min_backoff: int | None = None,
        max_backoff: int | None = None,
        retry_when: Callable[[int, BaseException], bool] | None = None,
    ) -> None:
        super().__init__(
            max_retries=max_retries, min_backoff=min_backoff, max_backoff=max_backoff, retry_when=retry_when
        )
        self._has_backoff = min_backoff is not None or max_backoff is not None

    @property
    def actor_options(self) -> set[str]:
        options: set[str] = super().actor_options
        return options | {"retry_delay"}

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        if not isinstance(message, Delivery):
            super().after_process_message(broker, message, result=result, exception=exception)
        elif exception is not None and message.cancelled is Cancelled.OPERATOR:
            message.outcome = cancelled(message)
        elif exception is not None:
            retries = message.options.get("retries", 0)
            try:
                message.outcome = self._outcome(broker, message, exception)
            except Exception:
                log.exception("retries.undecided", task_id=message.task_id, task=message.actor_name)
                message.outcome = _by_default(message, exception, retries=retries)

    def _outcome(self, broker: Broker, delivery: Delivery, exception: BaseException) -> Outcome:
        actor = broker.get_actor(delivery.actor_name)
        if isinstance(exception, Shutdown) or delivery.cancelled is Cancelled.LEASE_LOST:
            return RELEASED
        if isinstance(exception, RetryLater):
            return Outcome(Kind.SCHEDULED, milliseconds(exception.after))

        retries = delivery.options.get("retries", 0)
        note = _note(delivery, exception)
        if self._is_hopeless(actor, delivery, exception):
            delivery.fail()
            return Outcome(Kind.ARCHIVED, message=_remember(delivery, exception), note=note)
        if not self._may_retry(actor, delivery, retries, exception):
            delivery.fail()
            archived = Outcome(Kind.ARCHIVED, message=_remember(delivery, exception), note=note)
            self._tell_exhausted(broker, actor, delivery, retries)
            # Dramatiq's callbacks know the last failure by this; the task has had no such retry.
            delivery.options["retries"] = retries + 1
            return archived
        delivery.options["retries"] = retries + 1
        delay = self._delay(actor, delivery, retries, exception)
        return Outcome(Kind.RETRY, delay, message=_remember(delivery, exception), note=note)

    def _is_hopeless(self, actor: Actor[..., Any], delivery: Delivery, exception: BaseException) -> bool:
        return (
            isinstance(exception, Permanent)
            or is_expected(exception, actor, delivery)
            or delivery.cancelled is Cancelled.DEADLINE
            or delivery.is_overdue
        )

    def _may_retry(
        self, actor: Actor[..., Any], delivery: Delivery, retries: int, exception: BaseException
    ) -> bool:
        retry_when = actor.options.get("retry_when", self.retry_when)
        if retry_when is not None:
            return bool(retry_when(retries, exception))
        most = _option(delivery, actor, "max_retries", self.max_retries)
        return most is None or retries < most

    def _delay(
        self, actor: Actor[..., Any], delivery: Delivery, retries: int, exception: BaseException
    ) -> int:
        """Milliseconds until the next attempt."""
        if isinstance(exception, Retry) and exception.delay is not None:
            return exception.delay
        retry_delay: RetryDelay | None = actor.options.get("retry_delay")
        if retry_delay is not None:
            return milliseconds(retry_delay(retries, exception))
        shortest = _option(delivery, actor, "min_backoff", None)
        longest = _option(delivery, actor, "max_backoff", None)
        if shortest is None and longest is None and not self._has_backoff:
            return milliseconds(asynq_delay(retries))
        _, delay = compute_backoff(
            retries,
            factor=self.min_backoff if shortest is None else shortest,
            max_backoff=min(self.max_backoff if longest is None else longest, DEFAULT_MAX_BACKOFF),
        )
        return delay

    def _tell_exhausted(
        self, broker: Broker, actor: Actor[..., Any], delivery: Delivery, retries: int
    ) -> None:
        target = _option(delivery, actor, "on_retry_exhausted", None)
        if target:
            most = _option(delivery, actor, "max_retries", self.max_retries)
            broker.get_actor(target).send(delivery.asdict(), {"retries": retries, "max_retries": most})


def is_expected(exception: BaseException, actor: Actor[..., Any], delivery: Delivery) -> bool:
    """Whether the actor's `throws` names it: it gives up, and that is no fault of its own."""
    return isinstance(exception, delivery.options.get("throws") or actor.options.get("throws") or ())


def _by_default(delivery: Delivery, exception: BaseException, *, retries: Any) -> Outcome:
    """Where an option, or a function of the developer's, is broken: a failed task must not count as done."""
    retries = retries if isinstance(retries, int) else 0
    note = _note(delivery, exception)
    if delivery.failed or retries >= DEFAULT_MAX_RETRIES:
        delivery.fail()
        return Outcome(Kind.ARCHIVED, note=note)
    delivery.options["retries"] = retries + 1
    return Outcome(
        Kind.RETRY, milliseconds(asynq_delay(retries)), message=_remember(delivery, exception), note=note
    )


def _option(delivery: Delivery, actor: Actor[..., Any], name: str, default: Any) -> Any:
    return delivery.options.get(name, actor.options.get(name, default))


def _remember(delivery: Delivery, exception: BaseException) -> bytes:
    delivery.options["traceback"] = "".join(traceback.format_exception(exception, limit=30))
    return delivery._message.encode()  # noqa: SLF001 - a proxy cannot be encoded


def _note(delivery: Delivery, exception: BaseException) -> bytes:
    error = f"{type(exception).__name__}: {exception}"
    return msgspec.json.encode({"retries": delivery.options.get("retries", 0), "error": error[:1000]})
