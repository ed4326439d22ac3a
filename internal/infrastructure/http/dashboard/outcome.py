"""What an action on tasks did, in words."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from internal.infrastructure import humanize
from internal.ports.task_inspector import ActionResult, TaskAction

_MOST_REASONS = 20
_OUTCOMES: Mapping[TaskAction, tuple[str, str]] = {
    TaskAction.RUN: ("is pending now", "are pending now"),
    TaskAction.ARCHIVE: ("is archived", "are archived"),
    TaskAction.DELETE: ("is deleted", "are deleted"),
    TaskAction.CANCEL: ("is being cancelled", "are being cancelled"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """reasons: why tasks were refused, and how many for each."""

    action: TaskAction
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
        done = f"1 task {one}" if self.done == 1 else f"{humanize.count(self.done)} tasks {many}"
        if not self.refused:
            return done
        refused = "1 was" if self.refused == 1 else f"{humanize.count(self.refused)} were"
        return f"{done}, {refused} refused"


def _kind(reason: str) -> str:
    """The reason without the id of another task."""
    return reason.partition(":")[0]
