from collections.abc import Collection
from itertools import count

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.protocol.histogram import (
    ARCHIVED,
    RETRIED,
    SUCCEEDED,
    Row,
    count_run,
    no_counts,
    written,
)
from internal.ports.task_statistics import OTHER_TASKS

# Task names that are counted one by one, the first in alphabetical order.
MOST_NAMES = 200

Batch = tuple[int, list[tuple[str, str, Row]]]


class Statistics:
    """Counts in memory what the tasks of this worker did, until Redis has it.

    names: of the registered tasks. Others are counted together, because any text may arrive as a name.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._counts: dict[tuple[str, str], list[float]] = {}
        self._numbers = count(1)
        self._batch: Batch | None = None

    def add(self, delivery: Delivery, outcome: Outcome) -> None:
        """Count a task that is settled. Hand-backs and postponements do not count."""
        kind = outcome.kind
        if kind is Kind.DONE:
            place = SUCCEEDED
        elif kind is Kind.RETRY:
            place = RETRIED
        elif kind is Kind.ARCHIVED:
            place = ARCHIVED
        else:
            return
        # Every task comes by here, and a proxy takes longer to find `actor_name`.
        queue, name = delivery.lease.queue, delivery._message.actor_name  # noqa: SLF001 - see the line before
        counts = self._counts.get((queue, name)) or self._new_counts(queue, name)
        counts[place] += 1
        attempt = delivery.attempt
        if attempt.started_at is not None:
            waited = delivery.waited + attempt.started_at - delivery.fetched_at
            count_run(counts, waited, attempt.seconds)

    def add_unreadable(self, queue: str) -> None:
        self._new_counts(queue, OTHER_TASKS)[ARCHIVED] += 1

    def take(self) -> Batch | None:
        """Return what was counted, or the last batch again unless it is done. None: there is nothing."""
        if self._batch is None and self._counts:
            rows = [(queue, name, written(counts)) for (queue, name), counts in self._counts.items()]
            self._counts, self._batch = {}, (next(self._numbers), rows)
        return self._batch

    def done(self) -> None:
        """Forget the batch: Redis has it, or has no room for it."""
        self._batch = None

    def _new_counts(self, queue: str, name: str) -> list[float]:
        is_counted = name in self._names and name in sorted(self._names)[:MOST_NAMES]
        return self._counts.setdefault((queue, name if is_counted else OTHER_TASKS), no_counts())
