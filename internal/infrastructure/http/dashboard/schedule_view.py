"""A periodic task with its next and its last runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from internal.infrastructure.taskqueue.scheduling.timetable import Timetable, parse_timetable
from internal.ports.task_inspector import TaskInspector, TaskNotFound
from internal.ports.task_schedules import ScheduleNotFound
from internal.ports.task_snapshots import ScheduledRun, ScheduleInfo
from internal.ports.tasks import TaskState

UPCOMING = 5
LAST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """words: empty if this version cannot read the schedule of a newer one.

    runs: the last ones, newest first. state: of the task of the newest run; None if the task is gone.
    """

    info: ScheduleInfo
    words: str
    upcoming: Sequence[datetime]
    runs: Sequence[ScheduledRun]
    state: TaskState | None


async def view_of(info: ScheduleInfo, tasks: TaskInspector, *, now: datetime) -> ScheduleView:
    """Raises Unavailable."""
    timetable = _timetable(info)
    runs = await _runs(info, tasks)
    return ScheduleView(
        info=info,
        words=timetable.words if timetable else "",
        upcoming=list(islice(_slots(timetable, now), UPCOMING)) if timetable else [],
        runs=runs,
        state=await _state(info, runs[0], tasks) if runs else None,
    )


def _timetable(info: ScheduleInfo) -> Timetable | None:
    try:
        return parse_timetable(info.spec, info.time_zone)
    except ValueError:
        return None


def _slots(timetable: Timetable, moment: datetime) -> Iterator[datetime]:
    while slot := timetable.after(moment):
        yield slot
        moment = slot


async def _runs(info: ScheduleInfo, tasks: TaskInspector) -> Sequence[ScheduledRun]:
    try:
        return await tasks.schedule_history(info.name, size=LAST)
    except ScheduleNotFound:
        # Its last worker has just ended.
        return []


async def _state(info: ScheduleInfo, run: ScheduledRun, tasks: TaskInspector) -> TaskState | None:
    try:
        return (await tasks.task(info.queue, run.task_id)).state
    except TaskNotFound:
        return None
