import asyncio
from collections.abc import Awaitable, Callable, Coroutine
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
from internal.infrastructure.taskqueue.delivery.attempt import Cancelled, as_interrupt
from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.failed_attempt import Undecided
from internal.infrastructure.taskqueue.delivery.grouped_errors import first_of
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.delivery.precheck import cancelled
from internal.infrastructure.taskqueue.delivery.retries import is_expected
from internal.infrastructure.taskqueue.delivery.settled_as import settled_as
from internal.infrastructure.taskqueue.worker.done_log import log_done
from internal.infrastructure.taskqueue.worker.promise import Promise
from internal.infrastructure.taskqueue.worker.threads import WorkerThreads
from internal.infrastructure.telemetry.error_text import kind, stack, summary, text
from internal.infrastructure.telemetry.failure_log import report
from internal.ports.tasks import RetryLater

log = structlog.get_logger(__name__)

# A task raises these when it wants to run again: no reason for a stack in the log.
WANTED = (Retry, RetryLater, RateLimitExceeded, Shutdown)
# Middleware has decided this: the stack would only show the middleware.
BY_MIDDLEWARE = (SkipMessage, Undecided)


class _Call:
    """How a call ended that may be interrupted at any moment, also as it ends."""

    def __init__(self) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self.has_ended = False

    def make(self, function: Callable[[Delivery], Any], delivery: Delivery) -> None:
        try:
            self.result = function(delivery)
        except BaseException as error:  # noqa: BLE001 - any error is how the call ended
            self.error = error
        self.has_ended = True


class Runner:
    """Runs a delivery: as a coroutine on the loop if everything around it allows that, else in a thread.

    Middleware hooks fire inside the run. The loop and the thread survive every error of a task, also
    SystemExit.
    """

    def __init__(self, broker: RedisBroker, *, threads: WorkerThreads, context: Context) -> None:
        self._broker = broker
        self._threads = threads
        self._context = context

    def run(self, delivery: Delivery) -> Coroutine[Any, Any, None]:
        """Run it until it has ended; on the loop in the context of the caller's task."""
        if function := self._broker.native(delivery):
            return self._run_on_loop(delivery, function)
        return self._run_in_thread(delivery)

    async def _run_on_loop(self, delivery: Delivery, function: CoroutineFunction) -> None:
        attempt, result = delivery.attempt, None
        attempt.begin_on_loop()
        try:
            self._broker.emit_before("process_message", delivery)
            if not (delivery.failed or attempt.cancelled):
                result = await function(*delivery.args, **delivery.kwargs)
        except BaseException as error:  # noqa: BLE001 - a task must not end the loop, not even by SystemExit
            attempt.end_on_loop()
            self._conclude(delivery, error=error)
        else:
            attempt.end_on_loop()
            self._conclude(delivery, result)

    async def _run_in_thread(self, delivery: Delivery) -> None:
        loop, context = asyncio.get_running_loop(), self._context.copy()
        has_ended: Promise[None] = Promise()

        def work() -> None:
            try:
                context.run(self._run_here, delivery)
            finally:
                has_ended.keep_from_thread(loop, None)

        self._threads.submit(work)
        await has_ended.kept()

    def _run_here(self, delivery: Delivery) -> None:
        try:
            result = self._interruptible(delivery)
        except BaseException as error:  # noqa: BLE001 - as on the loop
            self._conclude(delivery, error=error)
        else:
            self._conclude(delivery, result)

    def _interruptible(self, delivery: Delivery) -> Any:
        """Call the handler and the hooks before it: nothing after them is interrupted.

        A call that ended before the interrupt arrived stays as it ended.
        """
        attempt, call = delivery.attempt, _Call()
        try:
            attempt.open_to_interrupts()
            call.make(self._handle, delivery)
            attempt.close_to_interrupts()
        except BaseException as interrupt:  # noqa: BLE001 - there is one at most
            attempt.close_to_interrupts()
            if call.has_ended:
                attempt.cancelled = None
            else:
                call.error = interrupt
        error, call.error = call.error, None
        if error is None:
            return call.result
        try:
            raise error
        finally:
            # Its traceback has this very frame, which would keep it alive.
            del error

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

    def _conclude(
        self, delivery: Delivery, result: Any = None, *, error: BaseException | None = None
    ) -> None:
        """Have middleware and the log know how the run ended; nothing that they raise changes that."""
        attempt = delivery.attempt
        if attempt.started_at is not None:
            attempt.seconds = monotonic() - attempt.started_at
        try:
            if error is None:
                self._returned(delivery, result)
            else:
                self._raised(delivery, error)
        except BaseException:  # noqa: BLE001 - the task must be settled
            report("runner.failed", task_id=delivery.task_id, task=delivery.actor_name)

    def _returned(self, delivery: Delivery, result: Any) -> None:
        if delivery.cancelled:
            # The task has swallowed it: its work may be incomplete.
            self._fail(delivery, as_interrupt(delivery.cancelled))
            return
        self._broker.emit_after("process_message", delivery, result=result)
        if delivery.failed:
            self._give_up(delivery, Undecided())
            return
        log_done(delivery)
        if result is not None and not self._has_use_for_result(delivery):
            log.warning("task.result_discarded", task_id=delivery.task_id, task=delivery.actor_name)

    def _has_use_for_result(self, delivery: Delivery) -> bool:
        """If Results is installed, it warns that the results of an actor are not stored."""
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
            # There may be no Retries.
            delivery.attempt.outcome = delivery.outcome or cancelled(delivery)
        else:
            self._give_up(delivery, error)

    def _give_up(self, delivery: Delivery, error: BaseException) -> None:
        """Decide on the archive or the next attempt."""
        outcome = delivery.attempt.outcome = settled_as(delivery)
        # The error may raise when it is described.
        with suppress(BaseException):
            self._log_failure(delivery, outcome, error)

    def _log_failure(self, delivery: Delivery, outcome: Outcome, error: BaseException) -> None:
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
            reason=delivery.hide(summary(error)) if is_given_up else None,
            again_in=outcome.number / 1000 if outcome.kind is Kind.RETRY else None,
            exception=None if self._is_expected(delivery, error) else delivery.hide(stack(error)),
        )

    def _is_expected(self, delivery: Delivery, error: BaseException) -> bool:
        """Whether the log needs no stack; if that cannot be found out, it does."""
        if issubclass(type(error), BY_MIDDLEWARE):
            return True
        try:
            return is_expected(error, self._broker.get_actor(delivery.actor_name), delivery)
        except BaseException:  # noqa: BLE001 - `throws` comes from a message, or has a metaclass of its own
            return False


async def _contained(coroutine: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    """The result, and the error unraised: on the loop some would end it, and a falsy one would be lost."""
    try:
        return await coroutine, None
    except BaseException as error:
        if type(error) is asyncio.CancelledError:
            raise
        return None, error
