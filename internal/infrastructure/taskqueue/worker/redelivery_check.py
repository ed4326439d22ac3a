import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.exchange import Settlement
from internal.infrastructure.taskqueue.delivery.outcomes import DONE, Kind, Outcome
from internal.infrastructure.taskqueue.delivery.precheck import given_up_before
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.infrastructure.tasks.codec import TaskLedger
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

LATER = Outcome(Kind.SCHEDULED, milliseconds(timedelta(seconds=5)))


class LedgerInquiry:
    """Asks the ledger about deliveries that may be repetitions: a task that is over must not run again.

    Those that are not over are offered to `run`; the others, and all of them while the ledger cannot say,
    are settled.
    """

    def __init__(
        self,
        ledger: TaskLedger,
        *,
        run: Callable[[Delivery], None],
        settle: Callable[[Sequence[Settlement]], None],
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._settle = settle
        self._asked: set[Delivery] = set()
        self._asking: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """How many deliveries the ledger is being asked about."""
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
            closed = await self._ledger.closed([delivery.task_id for delivery in deliveries])
        except Exception as error:
            if not isinstance(error, Unavailable):
                log.exception("ledger.not_asked", tasks=len(deliveries))
            self._settle([Settlement(delivery.holding, LATER, delivery) for delivery in deliveries])
            return
        finally:
            self._asked.difference_update(deliveries)
        for delivery in deliveries:
            if delivery.task_id not in closed:
                self._run(delivery)
            else:
                outcome = DONE if closed[delivery.task_id] else given_up_before(delivery)
                self._settle([Settlement(delivery.holding, outcome, delivery)])
