"""Dramatiq's middleware for time limits and shutdown, adapted to coroutines."""

import asyncio
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from dramatiq import Broker, MessageProxy, Worker
from dramatiq.middleware import (
    AgeLimit,
    CurrentMessage,
    Middleware,
)
from dramatiq.middleware import Callbacks as StockCallbacks
from dramatiq.middleware import Pipelines as StockPipelines
from dramatiq.middleware import Retries as StockRetries
from dramatiq.middleware import ShutdownNotifications as StockShutdownNotifications
from dramatiq.middleware import TimeLimit as StockTimeLimit
from dramatiq.results import Results as StockResults

from internal.infrastructure.taskqueue.broker.callbacks import Callbacks, Pipelines, Results
from internal.infrastructure.taskqueue.broker.thread_limits import ThreadLimits
from internal.infrastructure.taskqueue.delivery.attempt import Cancelled
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.retries import Retries

# Milliseconds. The default of Asynq.
TIME_LIMIT = 30 * 60 * 1000


class TimeLimit(StockTimeLimit):
    """Cancels a coroutine, or interrupts a thread, that runs past its limit or its deadline."""

    def __init__(self, *, time_limit: float = TIME_LIMIT, interval: int = 1000) -> None:
        super().__init__(time_limit=time_limit, interval=interval)
        self._threads = ThreadLimits(look_every=interval / 1000)
        self._timers: dict[Delivery, asyncio.TimerHandle] = {}

    def after_process_boot(self, broker: Broker) -> None:
        super().after_process_boot(broker)
        self._threads.start()

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        if not isinstance(message, Delivery):
            super().before_process_message(broker, message)
            return
        actor = broker.get_actor(message.actor_name)
        limit = message.options.get("time_limit") or actor.options.get("time_limit", self.time_limit)
        seconds, reason = limit / 1000, Cancelled.TIMEOUT
        if message.deadline is not None and (left := message.deadline - monotonic()) < seconds:
            seconds, reason = left, Cancelled.DEADLINE
        if not message.is_native:
            message.attempt.open_to_interrupts()
            self._threads.add(message, seconds=seconds, reason=reason)
        elif seconds < math.inf:
            loop = asyncio.get_running_loop()
            self._timers[message] = loop.call_later(max(0, seconds), message.attempt.cancel, reason)

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
        elif not message.is_native:
            self._threads.remove(message)
        elif timer := self._timers.pop(message, None):
            timer.cancel()

    after_skip_message = after_process_message


class ShutdownNotifications(StockShutdownNotifications):
    """Cancels coroutines and interrupts threads that want to be notified of a shutdown."""

    def __init__(self, notify_shutdown: bool = False) -> None:  # noqa: FBT001, FBT002 - Dramatiq's signature
        super().__init__(notify_shutdown=notify_shutdown)
        self._told: set[Delivery] = set()

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:
        super().before_worker_shutdown(broker, worker)
        for delivery in self._told.copy():
            delivery.attempt.interrupt_from_anywhere(Cancelled.SHUTDOWN)

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        if not isinstance(message, Delivery):
            super().before_process_message(broker, message)
        elif self.should_notify(broker.get_actor(message.actor_name), message):
            if not message.is_native:
                message.attempt.open_to_interrupts()
            self._told.add(message)

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        if isinstance(message, Delivery):
            self._told.discard(message)
        else:
            super().after_process_message(broker, message, result=result, exception=exception)

    after_skip_message = after_process_message


_SAME_FOR_ACTORS: Mapping[type[Middleware], Callable[[], Middleware]] = {
    StockCallbacks: Callbacks,
    StockPipelines: Pipelines,
}


def default_middleware() -> list[Middleware]:
    """Dramatiq's default middleware in its order, five of them adapted, and CurrentMessage."""
    return [
        AgeLimit(),
        CurrentMessage(),
        TimeLimit(),
        ShutdownNotifications(),
        Callbacks(),
        Pipelines(),
        Retries(),
    ]


def replace_stock(middleware: Sequence[Middleware]) -> list[Middleware]:
    """Replace stock middleware that would break the worker's loop, with a warning."""
    return [_replacement(item) for item in middleware]


def _replacement(item: Middleware) -> Middleware:
    ours: Middleware
    if type(item) is StockTimeLimit:
        ours = TimeLimit(time_limit=item.time_limit)
    elif type(item) is StockShutdownNotifications:
        ours = ShutdownNotifications(notify_shutdown=item.notify_shutdown)
    elif type(item) is StockRetries:
        ours = Retries(max_retries=item.max_retries, retry_when=item.retry_when)
        ours.min_backoff, ours.max_backoff = item.min_backoff, item.max_backoff
    elif type(item) is StockResults:
        return Results.like(item)
    else:
        return _SAME_FOR_ACTORS.get(type(item), lambda: item)()
    name = type(item).__name__
    warnings.warn(f"Dramatiq's {name} was replaced by this engine's {name}", RuntimeWarning, stacklevel=4)
    return ours
