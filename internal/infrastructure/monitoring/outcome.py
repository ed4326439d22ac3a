"""What an action on tasks or on rows of the outbox did, in words."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from internal.infrastructure import humanize
from internal.ports.outbox_inspector import OutboxAction
from internal.ports.task_inspector import ActionResult, TaskAction

_MOST_REASONS = 20
_OUTCOMES: Mapping[TaskAction | OutboxAction, tuple[str, str]] = {
    TaskAction.RUN: ("task is pending now", "tasks are pending now"),
    TaskAction.ARCHIVE: ("task is archived", "tasks are archived"),
    TaskAction.DELETE: ("task is deleted", "tasks are deleted"),
    TaskAction.CANCEL: ("task is being cancelled", "tasks are being cancelled"),
    OutboxAction.REDRIVE: ("row is in the task queue", "rows are in the task queue"),
    OutboxAction.DISCARD: ("row is given up", "rows are given up"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """reasons: why some were refused, and how many for each."""

    action: TaskAction | OutboxAction
    done: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

    def plus(self, result: ActionResult) -> Self:
        counted = Counter(self.reasons) + Counter(map(_kind, result.refused.values()))
        return type(self)(self.action, self.done + len(result.done), dict(counted.most_common(_MOST_REASONS)))

    @property
    def refused(self) -> int:
        return sum(self.reasons.values())

    @property
    def summary(self) -> str:
        """For example "1,240 tasks are pending now, 3 were refused"."""
        one, many = _OUTCOMES[self.action]
        done = humanize.counted(self.done, one, many) if self.done else f"No {one}"
        if not self.refused:
            return done
        return f"{done}, {humanize.counted(self.refused, 'was', 'were')} refused"


def _kind(reason: str) -> str:
    """The reason without the id of another task."""
    return reason.partition(":")[0]
