from bisect import bisect_left
from collections.abc import Collection
from itertools import count

from internal.infrastructure.taskqueue.delivery.delivery import Delivery
from internal.infrastructure.taskqueue.delivery.outcomes import Kind, Outcome
from internal.infrastructure.taskqueue.protocol.histogram import (
    ARCHIVED,
    BOUNDS,
    LONGEST_RUN,
    LONGEST_WAIT,
    RETRIED,
    RUNS,
    SUCCEEDED,
    WAITS,
    Row,
    no_counts,
    written,
)
from internal.ports.task_statistics import OTHER_TASKS

# Task names that are counted one by one, the first in alphabetical order.
MOST_NAMES = 200

# Every task comes by here, and an enum takes a while to find its members.
_DONE, _RETRY, _ARCHIVED = Kind.DONE, Kind.RETRY, Kind.ARCHIVED

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
        if kind is _DONE:
            place = SUCCEEDED
        elif kind is _RETRY:
            place = RETRIED
        elif kind is _ARCHIVED:
            place = ARCHIVED
        else:
            return
        # A proxy takes longer to find `actor_name`.
        queue, name = delivery.lease.queue, delivery._message.actor_name  # noqa: SLF001 - see the line before
        counts = self._counts.get((queue, name)) or self._new_counts(queue, name)
        counts[place] += 1
        attempt = delivery.attempt
        if attempt.started_at is not None:
            waited = delivery.waited + (attempt.started_at - delivery.fetched_at)
            ran = attempt.seconds
            counts[WAITS + bisect_left(BOUNDS, waited)] += 1
            counts[RUNS + bisect_left(BOUNDS, ran)] += 1
            if waited > counts[LONGEST_WAIT]:  # noqa: PLR1730 - `max` takes ten times as long
                counts[LONGEST_WAIT] = waited
            if ran > counts[LONGEST_RUN]:  # noqa: PLR1730 - see the line before
                counts[LONGEST_RUN] = ran

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
