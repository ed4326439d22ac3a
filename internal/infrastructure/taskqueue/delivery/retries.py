from collections.abc import Callable
from datetime import timedelta
from typing import Any

from dramatiq import Broker, MessageProxy, Retry
from dramatiq.actor import Actor
from dramatiq.common import compute_backoff
from dramatiq.middleware import Retries as StockRetries
from dramatiq.middleware.retries import DEFAULT_MAX_BACKOFF
from dramatiq.middleware.shutdown import Shutdown

from internal.infrastructure.taskqueue.delivery.attempt import Cancelled
from internal.infrastructure.taskqueue.delivery.backoff import asynq_delay, storable_delay
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.failed_attempt import (
    DEFAULT_MAX_RETRIES,
    by_default,
    message_after,
    note_of,
)
from internal.infrastructure.taskqueue.delivery.grouped_errors import all_of, first_of
from internal.infrastructure.taskqueue.delivery.outcomes import RELEASED, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.precheck import cancelled
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.telemetry.error_text import summary
from internal.infrastructure.telemetry.failure_log import report
from internal.ports.tasks import Permanent, RetryLater

RetryDelay = Callable[[int, BaseException], timedelta]


class Retries(StockRetries):
    """Decides the outcome of a failed attempt, and leaves settling to the engine.

    The stock middleware enqueues the message again and has the old one acknowledged. So a task is lost if
    Redis fails in between, and exists twice for a moment if it does not. Here the decision is part of the
    one call that settles the task.

    It takes Dramatiq's options, and `retry_delay`: (retries so far, exception) -> timedelta.
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
        elif exception is not None:
            message.attempt.outcome = self.outcome_of(broker, message, exception)

    def outcome_of(self, broker: Broker, delivery: Delivery, exception: BaseException) -> Outcome:
        """The outcome of an attempt that ended with this exception."""
        if delivery.cancelled is Cancelled.OPERATOR:
            return cancelled(delivery)
        retries = delivery.options.get("retries", 0)
        try:
            return self._outcome(broker, delivery, exception)
        except BaseException:  # noqa: BLE001 - an option, or a function of the developer's, is broken
            delivery.options["retries"] = retries
            outcome = by_default(delivery, exception, most=self._most(broker, delivery))
            report("retries.undecided", task_id=delivery.task_id, task=delivery.actor_name)
            return outcome

    def _outcome(self, broker: Broker, delivery: Delivery, exception: BaseException) -> Outcome:
        actor = broker.get_actor(delivery.actor_name)
        if delivery.attempt.gave_back or issubclass(type(exception), Shutdown):
            return RELEASED
        retries = delivery.options.get("retries", 0)
        note = note_of(delivery, summary(exception))
        if first_of(exception, Permanent) or is_expected(exception, actor, delivery):
            return self._archived(delivery, exception, note)
        if waits := [each.after for each in all_of(exception, RetryLater)]:
            return Outcome(Kind.SCHEDULED, storable_delay(milliseconds(max(waits))))
        if delivery.cancelled is Cancelled.DEADLINE or delivery.is_overdue:
            return self._archived(delivery, exception, note)
        if not self._may_retry(actor, delivery, retries, exception):
            archived = self._archived(delivery, exception, note)
            self._report_exhausted(broker, actor, delivery, retries)
            # Dramatiq's callbacks recognise the last failure by this; no such retry has happened.
            delivery.options["retries"] = retries + 1
            return archived
        delay = storable_delay(self._delay(actor, delivery, retries, exception))
        message = message_after(delivery, exception, retries=retries + 1)
        return Outcome(Kind.RETRY, delay, message=message, note=note)

    def _archived(self, delivery: Delivery, exception: BaseException, note: bytes) -> Outcome:
        delivery.fail()
        message = message_after(delivery, exception, retries=delivery.options.get("retries", 0))
        return Outcome(Kind.ARCHIVED, message=message, note=note)

    def _most(self, broker: Broker, delivery: Delivery) -> Any:
        return _option(delivery, broker.get_actor(delivery.actor_name), "max_retries", self.max_retries)

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
        asked = first_of(exception, Retry)
        if asked is not None and asked.delay is not None:
            return asked.delay
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

    def _report_exhausted(
        self, broker: Broker, actor: Actor[..., Any], delivery: Delivery, retries: int
    ) -> None:
        target = _option(delivery, actor, "on_retry_exhausted", None)
        if target:
            most = _option(delivery, actor, "max_retries", self.max_retries)
            broker.get_actor(target).send(delivery.asdict(), {"retries": retries, "max_retries": most})


def is_expected(exception: BaseException, actor: Actor[..., Any], delivery: Delivery) -> bool:
    """Whether the actor's `throws` names it: the task gives up on purpose."""
    kinds = delivery.options.get("throws") or actor.options.get("throws") or ()
    return first_of(exception, kinds) is not None


def _option(delivery: Delivery, actor: Actor[..., Any], name: str, default: Any) -> Any:
    return delivery.options.get(name, actor.options.get(name, default))
