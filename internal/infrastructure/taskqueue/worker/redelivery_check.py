import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.precheck import given_up_before
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.taskqueue.worker.settling_hooks import Ended
from internal.infrastructure.tasks.completion_log import CompletionLog
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

LATER = Outcome(Kind.SCHEDULED, milliseconds(timedelta(seconds=5)))


class RedeliveryCheck:
    """Asks the completion log whether tasks that may be redeliveries have already ended.

    A task that has not ended goes to `run`. The others are settled without a run; so are all of them while
    the log cannot be reached, to be tried again later.
    """

    def __init__(
        self,
        completion_log: CompletionLog,
        *,
        run: Callable[[Delivery], None],
        settle: Callable[[Sequence[Ended]], None],
    ) -> None:
        self._completion_log = completion_log
        self._run = run
        self._settle = settle
        self._asked: set[Delivery] = set()
        self._asking: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """How many deliveries the completion log is being asked about."""
        return len(self._asked)

    @property
    def has_suspect(self) -> bool:
        return any(delivery.suspect for delivery in self._asked)

    def is_about(self, delivery: Delivery) -> bool:
        return delivery in self._asked

    def ask(self, deliveries: Sequence[Delivery]) -> None:
        self._asked.update(deliveries)
        asking = asyncio.create_task(self._ask(deliveries))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)

    def stop(self) -> None:
        for asking in self._asking:
            asking.cancel()

    async def _ask(self, deliveries: Sequence[Delivery]) -> None:
        try:
            closed = await self._completion_log.closed([delivery.task_id for delivery in deliveries])
        except Exception as error:
            if not isinstance(error, Unavailable):
                log.exception("completion_log.not_asked", tasks=len(deliveries))
            self._settle([Ended(delivery.lease, LATER, delivery=delivery) for delivery in deliveries])
            return
        finally:
            self._asked.difference_update(deliveries)
        for delivery in deliveries:
            if delivery.task_id not in closed:
                self._run(delivery)
            else:
                outcome = DONE if closed[delivery.task_id] else given_up_before(delivery)
                self._settle([Ended(delivery.lease, outcome, delivery=delivery)])
