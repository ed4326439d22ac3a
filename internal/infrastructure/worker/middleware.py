from typing import Any

from dramatiq import Broker, MessageProxy, Retry
from dramatiq.middleware import CurrentMessage, Middleware, Retries, TimeLimit

TIME_LIMIT_CHECK_INTERVAL = 1000  # milliseconds


class UncountedRetries(Retries):
    """Retries, but a Retry with a delay (a task's RetryLater) is not an attempt and has no limit."""

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        if isinstance(exception, Retry) and exception.delay is not None:
            broker.enqueue(message._message, delay=exception.delay)  # noqa: SLF001 - a proxy cannot be enqueued
        else:
            super().after_process_message(broker, message, result=result, exception=exception)


def worker_middleware() -> list[Middleware]:
    """What runs around every task, in the order of the `before` hooks."""
    return [CurrentMessage(), TimeLimit(interval=TIME_LIMIT_CHECK_INTERVAL), UncountedRetries()]
