import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from time import monotonic
from typing import Any

import structlog
from dramatiq import Retry
from dramatiq.asyncio import async_to_sync
from dramatiq.errors import RateLimitExceeded
from dramatiq.middleware import SkipMessage
from dramatiq.middleware.shutdown import Shutdown
from dramatiq.results import Results

from internal.infrastructure.taskqueue.broker.broker import CoroutineFunction, RedisBroker
from internal.infrastructure.taskqueue.delivery.delivery import Cancelled, Delivery, as_interrupt
from internal.infrastructure.taskqueue.delivery.failed_attempt import Undecided
from internal.infrastructure.taskqueue.delivery.grouped_errors import first_of
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.delivery.precheck import cancelled
from internal.infrastructure.taskqueue.delivery.retries import is_expected
from internal.infrastructure.taskqueue.delivery.settled_as import settled_as
from internal.infrastructure.taskqueue.worker.done_log import tell_done
from internal.infrastructure.taskqueue.worker.threads import WorkerThreads
from internal.infrastructure.telemetry.error_text import kind, stack, summary, text
from internal.ports.tasks import RetryLater

log = structlog.get_logger(__name__)

Finished = Callable[[Delivery, float], None]

# Ways in which a task says that it wants to run again: no reason for a stack in the log.
WANTED = (Retry, RetryLater, RateLimitExceeded, Shutdown)
# Middleware has decided, and not by an error: the stack would only show the middleware.
BY_MIDDLEWARE = (SkipMessage, Undecided)


class _Attempt:
    """How a call ended that may be interrupted at any moment, also as it ends."""

    def __init__(self) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self.has_ended = False

    def make(self, function: Callable[[Delivery], Any], delivery: Delivery) -> None:
        try:
            self.result = function(delivery)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is how the attempt ended
            self.error = error
        self.has_ended = True


class Runner:
    """Runs a delivery: as a coroutine on the loop if everything around it may, else in a thread.

    Each runs in a copy of the worker's `context`: what starts it is often the end of another. Middleware
    hooks fire around both, inside the task. Whatever the task does, SystemExit included, ends in
    `finished(delivery, seconds)` on the loop.
    """

    def __init__(
        self, broker: RedisBroker, *, threads: WorkerThreads, context: Context, finished: Finished
    ) -> None:
        self._broker = broker
        self._threads = threads
        self._context = context
        self._finished = finished

    def start(self, delivery: Delivery) -> None:
        loop = asyncio.get_running_loop()
        if function := self._broker.native(delivery):
            run = self._run_on_loop(delivery, function)
            delivery.run = loop.create_task(run, context=self._context.copy())
        else:
            context = self._context.copy()
            self._threads.submit(lambda: context.run(self._run_in_thread, delivery, loop))

    async def _run_on_loop(self, delivery: Delivery, function: CoroutineFunction) -> None:
        started = delivery.started_at = monotonic()
        result = None
        try:
            try:
                self._broker.emit_before("process_message", delivery)
                if not (delivery.failed or delivery.cancelled):
                    result = await function(*delivery.args, **delivery.kwargs)
            except BaseException as error:  # noqa: BLE001 - a task must not end the loop, not even by SystemExit
                self._raised(delivery, error)
            else:
                self._returned(delivery, result)
        finally:
            self._finished(delivery, monotonic() - started)

    def _run_in_thread(self, delivery: Delivery, loop: asyncio.AbstractEventLoop) -> None:
        started = monotonic()
        try:
            try:
                result = self._interruptible(delivery)
            except BaseException as error:  # noqa: BLE001 - as on the loop
                self._raised(delivery, error)
            else:
                self._returned(delivery, result)
        finally:
            with suppress(RuntimeError):  # the loop has ended, and nobody waits for this task any more
                loop.call_soon_threadsafe(self._finished, delivery, monotonic() - started)

    def _interruptible(self, delivery: Delivery) -> Any:
        """Call the handler, and the hooks before it: only they are interrupted, not what decides afterwards.

        An attempt that ended before the interrupt arrived stays as it ended.
        """
        attempt = _Attempt()
        try:
            delivery.open_to_interrupts()
            attempt.make(self._handle, delivery)
            delivery.close_to_interrupts()
        except BaseException as interrupt:  # noqa: BLE001 - there is one at most
            delivery.close_to_interrupts()
            if attempt.has_ended:
                delivery.cancelled = None
            else:
                attempt.error = interrupt
        error, attempt.error = attempt.error, None
        if error is None:
            return attempt.result
        try:
            raise error
        finally:
            del error  # its traceback has this very frame, which would keep it alive

    def _handle(self, delivery: Delivery) -> Any:
        self._broker.emit_before("process_message", delivery)
        return None if delivery.failed or delivery.cancelled else self._call(delivery)

    def _call(self, delivery: Delivery) -> Any:
        function = self._broker.coroutine_function(delivery.actor_name)
        if function is None:
            return self._broker.get_actor(delivery.actor_name)(*delivery.args, **delivery.kwargs)
        result, error = async_to_sync(_contained)(function(*delivery.args, **delivery.kwargs))
        if error is not None:
            raise error
        return result

    def _returned(self, delivery: Delivery, result: Any) -> None:
        if delivery.cancelled:  # and the task has swallowed it: its work is not known to be done
            self._fail(delivery, as_interrupt(delivery.cancelled))
            return
        self._broker.emit_after("process_message", delivery, result=result)
        if delivery.failed:
            self._give_up(delivery, Undecided())
            return
        tell_done(delivery)
        if result is not None and not self._has_use_for_result(delivery):
            log.warning("task.result_discarded", task_id=delivery.task_id, task=delivery.actor_name)

    def _has_use_for_result(self, delivery: Delivery) -> bool:
        """Where Results is installed it says itself that an actor's results are not stored."""
        options = {**self._broker.get_actor(delivery.actor_name).options, **delivery.options}
        return bool(options.get("pipe_target") or options.get("on_success")) or any(
            isinstance(item, Results) for item in self._broker.middleware
        )

    def _raised(self, delivery: Delivery, error: BaseException) -> None:
        if delivery.cancelled:
            interrupt = as_interrupt(delivery.cancelled)
            self._fail(delivery, error if type(error) is type(interrupt) else interrupt)
        elif issubclass(type(error), SkipMessage):
            self._skip(delivery, error)
        else:
            self._fail(delivery, error)

    def _skip(self, delivery: Delivery, error: BaseException) -> None:
        if delivery.failed:
            delivery.stuff_exception(error)
        self._broker.emit_after("skip_message", delivery)
        if delivery.failed:
            self._give_up(delivery, error)
        else:
            reason = text(error)
            log.warning("task.skipped", task_id=delivery.task_id, task=delivery.actor_name, reason=reason)

    def _fail(self, delivery: Delivery, error: BaseException) -> None:
        delivery.stuff_exception(error)
        self._broker.emit_after("process_message", delivery, exception=error)
        if delivery.cancelled is Cancelled.OPERATOR:
            delivery.outcome = delivery.outcome or cancelled(delivery)  # whatever middleware there is
        else:
            self._give_up(delivery, error)

    def _give_up(self, delivery: Delivery, error: BaseException) -> None:
        """For good, or until the next attempt."""
        delivery.outcome = settled_as(delivery)
        with suppress(BaseException):  # whatever the error does to who describes it
            self._tell(delivery, delivery.outcome, error)

    def _tell(self, delivery: Delivery, outcome: Outcome, error: BaseException) -> None:
        is_given_up = outcome.kind is Kind.ARCHIVED
        if not is_given_up and first_of(error, WANTED):
            return
        log.warning(
            "task.failed",
            task_id=delivery.task_id,
            task=delivery.actor_name,
            queue=delivery.queue,
            error=kind(error),
            becomes=str(outcome.kind),
            reason=summary(error) if is_given_up else None,
            again_in=outcome.number / 1000 if outcome.kind is Kind.RETRY else None,
            exception=None if self._is_expected(delivery, error) else stack(error),
        )

    def _is_expected(self, delivery: Delivery, error: BaseException) -> bool:
        """Where that cannot be told, it is a fault."""
        if issubclass(type(error), BY_MIDDLEWARE):
            return True
        try:
            return is_expected(error, self._broker.get_actor(delivery.actor_name), delivery)
        except BaseException:  # noqa: BLE001 - `throws` comes from a message, or has a metaclass of its own
            return False


async def _contained(coroutine: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    """The result, and the error. Raised on the loop, some would end it, and a falsy one would be lost."""
    try:
        return await coroutine, None
    except BaseException as error:
        if type(error) is asyncio.CancelledError:
            raise
        return None, error
