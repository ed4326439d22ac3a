import asyncio
from datetime import timedelta

import structlog

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.precheck import given_up_before
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.taskqueue.worker.promise import Promise
from internal.infrastructure.tasks.completion_log import CompletionLog
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

LATER = Outcome(Kind.SCHEDULED, milliseconds(timedelta(seconds=5)))


class RedeliveryCheck:
    """Asks the completion log whether tasks that may be redeliveries have already ended.

    Tasks that ask at the same time share one query.
    """

    def __init__(self, completion_log: CompletionLog) -> None:
        self._completion_log = completion_log
        self._waiting: dict[Delivery, Promise[Outcome | None]] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def outcome_of(self, delivery: Delivery) -> Outcome | None:
        """The outcome of a task that is not to run; None for one that has not ended.

        While the log cannot be reached, the task is to be tried again later.
        """
        if not self._waiting:
            asking = asyncio.create_task(self._ask())
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)
        outcome: Promise[Outcome | None] = Promise()
        self._waiting[delivery] = outcome
        return await outcome.kept()

    def stop(self) -> None:
        for asking in self._asking:
            asking.cancel()

    async def _ask(self) -> None:
        asked, self._waiting = self._waiting, {}
        try:
            closed = await self._completion_log.closed([delivery.task_id for delivery in asked])
        except Exception as error:
            if not isinstance(error, Unavailable):
                log.exception("completion_log.not_asked", tasks=len(asked))
            for outcome in asked.values():
                outcome.keep(LATER)
            return
        for delivery, outcome in asked.items():
            if delivery.task_id not in closed:
                outcome.keep(None)
            else:
                outcome.keep(DONE if closed[delivery.task_id] else given_up_before(delivery))
