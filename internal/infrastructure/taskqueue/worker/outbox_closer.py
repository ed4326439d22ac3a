import asyncio
from collections.abc import Sequence
from contextvars import Context

import structlog

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.protocol.message_options import FIRST, OUTBOX
from internal.infrastructure.taskqueue.worker.promise import Promise
from internal.infrastructure.tasks.completion_log import Completion, CompletionLog
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

# Seconds.
TRY_AGAIN_AFTER = 1


def is_written_down(delivery: Delivery) -> bool:
    """Whether the task has an outbox row. A copy sent by hand has none: its task id is not its message id."""
    return OUTBOX in delivery.options and delivery.message_id == delivery.task_id


def may_be_closed(delivery: Delivery) -> bool:
    """Whether this delivery may repeat one that has ended."""
    return is_written_down(delivery) and (delivery.crashes > 0 or delivery.options[OUTBOX] != FIRST)


class OutboxCloser:
    """Closes the outbox rows of tasks before Redis learns that they have ended.

    Tasks that end during a write form the next batch. While Postgres is away, they wait.
    """

    def __init__(
        self, completion_log: CompletionLog, *, context: Context, try_again_after: float = TRY_AGAIN_AFTER
    ) -> None:
        self._completion_log = completion_log
        self._try_again_after = try_again_after
        self._context = context
        self._waiting: list[tuple[Completion, Promise[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def close(self, completion: Completion) -> None:
        """Return once the row is closed."""
        is_closed: Promise[None] = Promise()
        self._waiting.append((completion, is_closed))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), context=self._context.copy())
        await is_closed.kept()

    def stop(self) -> None:
        if self._writing:
            self._writing.cancel()

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await self._write_batch([completion for completion, _ in batch])
            for _, is_closed in batch:
                is_closed.keep(None)

    async def _write_batch(self, completions: Sequence[Completion]) -> None:
        while True:
            try:
                await self._completion_log.close(completions)
            except Unavailable as error:
                log.warning("completion_log.not_closed", tasks=len(completions), reason=str(error))
            except Exception:
                # A defect; the tasks stay held.
                log.exception("completion_log.not_closed", tasks=len(completions))
            else:
                return
            await asyncio.sleep(self._try_again_after)
