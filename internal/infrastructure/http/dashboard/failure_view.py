"""A group of failures as pages show it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import quote

from internal.infrastructure import humanize
from internal.ports.task_failures import FailureGroup
from internal.ports.task_inspector import TaskAction

HOURS = 24
BARS = 24
# A retry that fails again comes back within this time, unless it has failed many times.
LATELY = timedelta(minutes=2)
BAR_HEIGHT = 20
_BAR_TIME = timedelta(hours=HOURS) / BARS


@dataclass(frozen=True)
class FailureView:
    """path: an SVG path of the failures in the last HOURS, in a box that is BARS wide and BAR_HEIGHT high."""

    group: FailureGroup
    now: datetime

    @property
    def address(self) -> str:
        return address_of(self.group.failure.fingerprint)

    @property
    def task_name(self) -> str:
        return self.group.failure.task_name or "Unreadable message"

    @property
    def error_type(self) -> str:
        return self.group.failure.error_type or "no reason"

    @property
    def message(self) -> str:
        """What the latest error says beside its type."""
        error = self.group.error or ""
        return error.removeprefix(self.group.failure.error_type).removeprefix(":").strip()

    @property
    def place(self) -> str:
        """The frame without the folders of its file."""
        return self.group.failure.frame.rpartition("/")[2]

    @property
    def is_failing_now(self) -> bool:
        return self.now - self.group.last_seen < LATELY

    @property
    def tasks(self) -> str:
        return humanize.counted(self.group.count, "task")

    def number_for(self, action: TaskAction) -> int:
        """The number of tasks that the action applies to."""
        return self.group.retry if action is TaskAction.ARCHIVE else self.group.count

    @cached_property
    def path(self) -> str:
        bars = Counter(BARS - 1 - max(0, (self.now - at) // _BAR_TIME) for at in self.group.times)
        heights = {place: number for place, number in bars.items() if place >= 0}
        most = max(heights.values(), default=1)
        return "".join(
            # Even one failure in a thousand is visible.
            f"M{place}.1 {BAR_HEIGHT}v-{max(2, round(number / most * BAR_HEIGHT))}h.8V{BAR_HEIGHT}z"
            for place, number in sorted(heights.items())
        )

    @cached_property
    def recent(self) -> int:
        """The number of failures in the last HOURS."""
        return sum(self.now - at < timedelta(hours=HOURS) for at in self.group.times)


def failing_now_first(views: Iterable[FailureView]) -> Sequence[FailureView]:
    return sorted(views, key=lambda view: not view.is_failing_now)


def address_of(fingerprint: str) -> str:
    return f"/dashboard/failures/{quote(fingerprint, safe='')}"
