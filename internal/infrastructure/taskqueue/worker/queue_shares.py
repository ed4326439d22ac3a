from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from internal.infrastructure.taskqueue.delivery.settlements import QueueRow
from internal.infrastructure.taskqueue.protocol.timing import milliseconds
from internal.ports.tasks import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimit:
    """How many tasks of a queue run at once, and start in a window, over all workers; None means no limit."""

    max_running: int | None = None
    rate: Rate | None = None


UNLIMITED = QueueLimit()


class QueueShares:
    """The queues that a worker serves, the weight and limit of each, and what each is still owed.

    In `strict` mode a queue is served only while all heavier ones are empty.
    """

    def __init__(
        self,
        queues: Mapping[str, int],
        *,
        strict: bool = False,
        limits: Mapping[str, QueueLimit] = MappingProxyType({}),
    ) -> None:
        self.is_strict = strict
        self._limits = limits
        self._weights: dict[str, int] = {}
        self._credits: dict[str, int] = {}
        self.serve(queues)

    @property
    def weights(self) -> Mapping[str, int]:
        return self._weights

    @property
    def queues(self) -> Sequence[str]:
        """Their names, the heaviest first."""
        return list(self._weights)

    @property
    def rows(self) -> Sequence[QueueRow]:
        return [self._row(queue, weight) for queue, weight in self._weights.items()]

    def serve(self, queues: Mapping[str, int]) -> None:
        """Serve these queues from the next request on, each by its weight.

        Any thread may call this, also while a reply is on its way.
        """
        self._weights = dict(sorted(queues.items(), key=lambda item: -item[1]))

    def owe(self, rows: Sequence[QueueRow], credits_left: Sequence[int]) -> None:
        """Remember what Redis says that the queues of a request are owed."""
        self._credits = {row.queue: credit for row, credit in zip(rows, credits_left, strict=True)}

    def _row(self, queue: str, weight: int) -> QueueRow:
        limit = self._limits.get(queue, UNLIMITED)
        rate, per = (limit.rate.limit, milliseconds(limit.rate.per)) if limit.rate else (0, 0)
        return QueueRow(queue, weight, self._credits.get(queue, 0), limit.max_running or 0, rate, per)
