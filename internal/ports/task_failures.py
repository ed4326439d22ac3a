"""Failed tasks in groups: the same task, the same error, the same place in our code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from internal.domain.errors import NotFound
from internal.ports.task_snapshots import Failure

# More groups than one page shows.
WITH_ERRORS = 50


class FailureGroupNotFound(NotFound):
    code = "FAILURE_GROUP_NOT_FOUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Tasks in `retry` and `archived` whose last attempts failed in the same way.

    retry, archived: the number of tasks in each state.
    times: when each of these tasks failed last, the earliest first.
    queue, task_id: the task that failed last.
    error: its error. None in a list, except for the largest groups.
    """

    failure: Failure
    retry: int
    archived: int
    times: Sequence[datetime]
    queue: str
    task_id: str
    error: str | None = None

    @property
    def count(self) -> int:
        return self.retry + self.archived

    @property
    def first_seen(self) -> datetime:
        return self.times[0]

    @property
    def last_seen(self) -> datetime:
        return self.times[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroups:
    """The largest group first. The first WITH_ERRORS groups have their `error`.

    looked_at: the number of tasks that were looked at. A task that an operator archived may not have failed.
    total: the number of tasks in `retry` and `archived`.
    """

    groups: Sequence[FailureGroup]
    looked_at: int
    total: int
