"""Failed tasks in groups: the same task, the same error, the same place in our code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from internal.domain.errors import NotFound
from internal.ports.task_snapshots import Failure


class FailureGroupNotFound(NotFound):
    code = "FAILURE_GROUP_NOT_FOUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Tasks in `retry` and `archived` whose last attempts failed in the same way.

    retry, archived: the number of tasks in each state.
    first_seen, last_seen: the last failures of these tasks, the earliest and the latest of them.
    queue, task_id: the task that failed last.
    """

    failure: Failure
    retry: int
    archived: int
    first_seen: datetime
    last_seen: datetime
    queue: str
    task_id: str

    @property
    def count(self) -> int:
        return self.retry + self.archived


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroups:
    """The largest group first.

    looked_at: the number of tasks that were grouped.
    total: the number of tasks in `retry` and `archived`.
    """

    groups: Sequence[FailureGroup]
    looked_at: int
    total: int
