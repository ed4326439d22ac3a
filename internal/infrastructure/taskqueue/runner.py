import asyncio
import contextvars
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog
from dramatiq import Retry
from dramatiq.asyncio import async_to_sync
from dramatiq.errors import RateLimitExceeded
from dramatiq.middleware import SkipMessage, TimeLimitExceeded
from dramatiq.middleware.shutdown import Shutdown
from dramatiq.middleware.threading import raise_thread_exception
from dramatiq.results import Results

from internal.infrastructure.taskqueue.admission import cancelled
from internal.infrastructure.taskqueue.broker import CoroutineFunction, RedisBroker
from internal.infrastructure.taskqueue.delivery import Cancelled, CancelledByOperator, Delivery
from internal.infrastructure.taskqueue.outcomes import Kind
from internal.infrastructure.taskqueue.retries import is_expected
from internal.infrastructure.taskqueue.threads import WorkerThreads
from internal.ports.tasks import RetryLater

log = structlog.get_logger(__name__)

Finished = Callable[[Delivery, float], None]

# Ways in which a task says that it wants to run again: no reason for a stack in the log.
WANTED = (Retry, RetryLater, RateLimitExceeded, Shutdown)


class Runner:
    """Runs a delivery: as a coroutine on the loop if everything around it may, else in a thread.

    Middleware hooks fire around both, inside the task. Whatever the task does, SystemExit included, ends
    in `finished(delivery, seconds)` on the loop.
    """

    def __init__(self, broker: RedisBroker, *, threads: WorkerThreads, finished: Finished) -> None:
        self._broker = broker
        self._threads = threads
        self._finished = finished
        self._interrupting = threading.Lock()  # no thread that has gone on to another task

    def start(self, delivery: Delivery) -> None:
        loop = asyncio.get_running_loop()
        if function := self._broker.native(delivery):
            delivery.run = loop.create_task(self._run_on_loop(delivery, function))
        else:
            context = contextvars.copy_context()
            self._threads.submit(lambda: context.run(self._run_in_thread, delivery, loop))

    def interrupt(self, delivery: Delivery, reason: Cancelled) -> None:
        """Have a running task end; a thread hears of it at its next bytecode."""
        if delivery.run:
            delivery.cancel(reason)
            return
        with self._interrupting:
            if delivery.thread_id is not None:
                delivery.cancelled = delivery.cancelled or reason
                raise_thread_exception(delivery.thread_id, type(_as_interrupt(reason)))

    async def _run_on_loop(self, delivery: Delivery, function: CoroutineFunction) -> None:
        started = delivery.started_at = monotonic()
        try:
            self._broker.emit_before("process_message", delivery)
            result = None if delivery.failed else await function(*delivery.args, **delivery.kwargs)
            if delivery.cancelled:  # and the task has swallowed it: its work is not known to be done
                self._fail(delivery, _as_interrupt(delivery.cancelled))
            else:
                self._succeed(delivery, result)
        except SkipMessage as error:
            self._skip(delivery, error)
        except BaseException as error:  # noqa: BLE001 - a task must not end the loop, not even by SystemExit
            self._fail(delivery, _as_interrupt(delivery.cancelled) if delivery.cancelled else error)
        finally:
            self._finished(delivery, monotonic() - started)

    def _run_in_thread(self, delivery: Delivery, loop: asyncio.AbstractEventLoop) -> None:
        started = delivery.started_at = monotonic()
        delivery.thread_id = threading.get_ident()
        try:
            self._process(delivery)
            with self._interrupting:
                delivery.thread_id = None
        except BaseException:  # noqa: BLE001 - an interrupt that came when the task had just ended
            delivery.thread_id = None
        with suppress(RuntimeError):  # the loop has ended, and nobody waits for this task any more
            loop.call_soon_threadsafe(self._finished, delivery, monotonic() - started)

    def _process(self, delivery: Delivery) -> None:
        try:
            self._broker.emit_before("process_message", delivery)
            result = None if delivery.failed else self._call(delivery)
            self._succeed(delivery, result)
        except SkipMessage as error:
            self._skip(delivery, error)
        except BaseException as error:  # noqa: BLE001 - as on the loop
            self._fail(delivery, error)

    def _call(self, delivery: Delivery) -> Any:
        function = self._broker.coroutine_function(delivery.actor_name)
        if function is None:
            return self._broker.get_actor(delivery.actor_name)(*delivery.args, **delivery.kwargs)
        result, error = async_to_sync(_contained)(function(*delivery.args, **delivery.kwargs))
        if error:
            raise error
        return result

    def _succeed(self, delivery: Delivery, result: Any) -> None:
        if result is not None and not self._has_use_for_result(delivery):
            log.warning("task.result_discarded", task_id=delivery.task_id, task=delivery.actor_name)
        self._broker.emit_after("process_message", delivery, result=result)

    def _has_use_for_result(self, delivery: Delivery) -> bool:
        """Where Results is installed it says itself that an actor's results are not stored."""
        options = {**self._broker.get_actor(delivery.actor_name).options, **delivery.options}
        return bool(options.get("pipe_target") or options.get("on_success")) or any(
            isinstance(item, Results) for item in self._broker.middleware
        )

    def _skip(self, delivery: Delivery, error: SkipMessage) -> None:
        if delivery.failed:
            delivery.stuff_exception(error)
        log.warning("task.skipped", task_id=delivery.task_id, task=delivery.actor_name)
        self._broker.emit_after("skip_message", delivery)

    def _fail(self, delivery: Delivery, error: BaseException) -> None:
        delivery.stuff_exception(error)
        self._broker.emit_after("process_message", delivery, exception=error)
        if delivery.cancelled is Cancelled.OPERATOR:
            delivery.outcome = delivery.outcome or cancelled(delivery)  # whatever middleware there is
        elif not isinstance(error, WANTED):
            is_fault = not is_expected(error, self._broker.get_actor(delivery.actor_name), delivery)
            outcome = delivery.settled_as()
            log.log(
                logging.WARNING if is_fault else logging.INFO,
                "task.failed",
                task_id=delivery.task_id,
                task=delivery.actor_name,
                queue=delivery.queue,
                error=type(error).__name__,
                becomes=str(outcome.kind),
                again_in=outcome.number / 1000 if outcome.kind is Kind.RETRY else None,
                exc_info=error if is_fault else None,
            )


async def _contained(coroutine: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    """The result, and the error that would end the loop if it were raised there."""
    try:
        return await coroutine, None
    except (SystemExit, KeyboardInterrupt) as error:
        return None, error


def _as_interrupt(reason: Cancelled) -> BaseException:
    if reason is Cancelled.OPERATOR:
        return CancelledByOperator("")
    return Shutdown("") if reason in {Cancelled.SHUTDOWN, Cancelled.LEASE_LOST} else TimeLimitExceeded("")
