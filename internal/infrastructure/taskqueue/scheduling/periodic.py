import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from internal.infrastructure.taskqueue.protocol.stored_message import StoredMessage
from internal.infrastructure.taskqueue.scheduling.timetable import Timetable, parse_timetable
from internal.infrastructure.tasks.codec import UnknownTask
from internal.ports.tasks import Task, TaskOptions

CATCH_UP = timedelta(hours=1)
# A worker that is busy, or the network, may be late by so much without anything having been missed.
LEAST_CATCH_UP = timedelta(seconds=1)
# It is part of keys and of task ids, where a colon ends it.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
# A task of every slot cannot have what belongs to one of them alone.
_NOT_PERIODIC = ("task_id", "process_at", "deadline")


class InvalidSchedule(ValueError):
    """An entry of the schedule cannot be used; the text says which, and why, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodicTask:
    """A task to be published again and again.

    name: stable and unique: the entry's last slot is remembered under it. Letters, digits, `.`, `_` and `-`.
    spec: five cron fields, `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`, or `@every 1h30m`.
    time_zone: on whose clock the cron fields are read.
    catch_up: a slot that was missed, because Redis or all workers were away, runs late by no more than this.
    options: instead of the task's own.
    """

    name: str
    spec: str
    task: Task
    time_zone: str = "UTC"
    catch_up: timedelta = CATCH_UP
    options: TaskOptions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedEntry:
    """An entry that was checked: whatever follows from it can be published."""

    periodic: PeriodicTask
    options: TaskOptions
    timetable: Timetable

    @property
    def name(self) -> str:
        return self.periodic.name


class TaskRows(Protocol):
    """Makes what `store` of `publishing.lua` takes."""

    def row(self, task: Task, *, task_id: str, options: TaskOptions) -> StoredMessage:
        """Raise ValueError for options that cannot be honoured, UnknownTask for a task without a route."""
        ...


def plan(schedule: Iterable[PeriodicTask], *, rows: TaskRows) -> list[ValidatedEntry]:
    """Check a schedule as a whole.

    Raises:
        InvalidSchedule: an entry has a name that is wrong or taken, a specification or a time zone that is
            none, or a task that cannot be published.
    """
    entries = list(schedule)
    for name, times in Counter(entry.name for entry in entries).items():
        if times > 1:
            raise InvalidSchedule(f"schedule: {times} entries are named {name!r}")
    return [_plan(entry, rows=rows) for entry in entries]


def _plan(entry: PeriodicTask, *, rows: TaskRows) -> ValidatedEntry:
    options = entry.options or entry.task.task_options
    try:
        if not _NAME.fullmatch(entry.name):
            raise ValueError("the name must be letters, digits, '.', '_' and '-'")  # noqa: TRY301 - one wording for all reasons
        timetable = parse_timetable(entry.spec, entry.time_zone)
        _require_periodic(entry.catch_up, options)
        rows.row(entry.task, task_id=entry.name, options=options)
    except UnknownTask as error:
        raise InvalidSchedule(f"schedule: {entry.name!r}: no route for task {str(error)!r}") from error
    except ValueError as error:
        raise InvalidSchedule(f"schedule: {entry.name!r}: {error}") from error
    return ValidatedEntry(periodic=entry, options=options, timetable=timetable)


def _require_periodic(catch_up: timedelta, options: TaskOptions) -> None:
    if catch_up < LEAST_CATCH_UP:
        raise ValueError(f"catch_up must be at least {LEAST_CATCH_UP.total_seconds():.0f} s")
    if given := [name for name in _NOT_PERIODIC if getattr(options, name) is not None]:
        raise ValueError(f"a periodic task can have no {', '.join(given)}")
