import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context

import structlog

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.exchange import Settlement
from internal.infrastructure.taskqueue.delivery.outcomes import Kind
from internal.infrastructure.taskqueue.protocol.message_options import FIRST, OUTBOX
from internal.infrastructure.tasks.codec import Ending, TaskLedger
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

TRY_AGAIN_AFTER = 1  # second


def is_written_down(delivery: Delivery) -> bool:
    """A copy that was sent by hand has no row: its task id differs from its message id."""
    return OUTBOX in delivery.options and delivery.message_id == delivery.task_id


def may_be_closed(delivery: Delivery) -> bool:
    """Whether this delivery may be a repetition of one that has ended."""
    return is_written_down(delivery) and (delivery.crashes > 0 or delivery.options[OUTBOX] != FIRST)


class LedgerClerk:
    """Closes tasks in the ledger before Redis hears that they are over.

    What ends while a batch is being written is the next batch; while the ledger is away the endings wait.
    """

    def __init__(
        self,
        ledger: TaskLedger,
        *,
        closed: Callable[[Sequence[Settlement]], None],
        context: Context,
        try_again_after: float = TRY_AGAIN_AFTER,
    ) -> None:
        self._ledger = ledger
        self._try_again_after = try_again_after
        self._closed = closed
        self._context = context
        self._waiting: list[Settlement] = []
        self._writing: asyncio.Task[None] | None = None

    def close(self, settlement: Settlement) -> None:
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

    async def _write_batch(self, batch: Sequence[Settlement]) -> None:
        endings = [_ending(settlement) for settlement in batch]
        while True:
            try:
                await self._ledger.close(endings)
            except Unavailable as error:
                log.warning("ledger.not_closed", tasks=len(batch), reason=str(error))
            except Exception:
                log.exception("ledger.not_closed", tasks=len(batch))  # a defect; the tasks stay held
            else:
                return
            await asyncio.sleep(self._try_again_after)


def _ending(settlement: Settlement) -> Ending:
    _, task_id, _ = settlement.holding
    return Ending(task_id=task_id, succeeded=settlement.outcome.kind is Kind.DONE)
