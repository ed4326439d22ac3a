import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context

import structlog

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import Kind
from internal.infrastructure.taskqueue.protocol.message_options import FIRST, OUTBOX
from internal.infrastructure.taskqueue.worker.settling_hooks import Ended
from internal.infrastructure.tasks.completion_log import Completion, CompletionLog
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

TRY_AGAIN_AFTER = 1  # second


def is_written_down(delivery: Delivery) -> bool:
    """A copy that was sent by hand has no row: its task id differs from its message id."""
    return OUTBOX in delivery.options and delivery.message_id == delivery.task_id


def may_be_closed(delivery: Delivery) -> bool:
    """Whether this delivery may be a repetition of one that has ended."""
    return is_written_down(delivery) and (delivery.crashes > 0 or delivery.options[OUTBOX] != FIRST)


class OutboxCloser:
    """Closes the outbox rows of tasks before Redis learns that they have ended.

    Tasks that end during a write form the next batch. While Postgres is away, they wait.
    """

    def __init__(
        self,
        completion_log: CompletionLog,
        *,
        closed: Callable[[Sequence[Ended]], None],
        context: Context,
        try_again_after: float = TRY_AGAIN_AFTER,
    ) -> None:
        self._completion_log = completion_log
        self._try_again_after = try_again_after
        self._closed = closed
        self._context = context
        self._waiting: list[Ended] = []
        self._writing: asyncio.Task[None] | None = None

    def close(self, settlement: Ended) -> None:
        self._waiting.append(settlement)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), context=self._context.copy())

    def stop(self) -> None:
        if self._writing:
            self._writing.cancel()

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await self._write_batch(batch)
            self._closed(batch)

    async def _write_batch(self, batch: Sequence[Ended]) -> None:
        completions = [_completion(settlement) for settlement in batch]
        while True:
            try:
                await self._completion_log.close(completions)
            except Unavailable as error:
                log.warning("completion_log.not_closed", tasks=len(batch), reason=str(error))
            except Exception:
                log.exception("completion_log.not_closed", tasks=len(batch))  # a defect; the tasks stay held
            else:
                return
            await asyncio.sleep(self._try_again_after)


def _completion(settlement: Ended) -> Completion:
    _, task_id, _ = settlement.lease
    return Completion(task_id=task_id, succeeded=settlement.outcome.kind is Kind.DONE)
