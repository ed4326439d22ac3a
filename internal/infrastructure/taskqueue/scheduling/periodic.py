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
# A busy worker or a slow network may delay a slot by this much.
MIN_CATCH_UP = timedelta(seconds=1)
# A name is part of keys and task ids, where a colon ends it.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
# Options that make sense for a single task only.
_SINGLE_TASK_OPTIONS = ("task_id", "process_at", "deadline")


class InvalidSchedule(ValueError):
    """An entry of the schedule is invalid. The message is one line with the entry and the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodicTask:
    """A task that workers publish at regular times.

    name: unique and stable, because Redis keeps the last slot under it. Letters, digits, `.`, `_` and `-`.
    spec: five cron fields, `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`, or `@every 1h30m`.
    time_zone: the time zone of the cron fields.
    catch_up: how late a slot may run if Redis or all workers were down. Older slots are skipped.
    options: replace the task's own options.
    """

    name: str
    spec: str
    task: Task
    time_zone: str = "UTC"
    catch_up: timedelta = CATCH_UP
    options: TaskOptions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedEntry:
    """A checked entry: all its tasks can be published."""

    periodic: PeriodicTask
    options: TaskOptions
    timetable: Timetable

    @property
    def name(self) -> str:
        return self.periodic.name


class MessageEncoder(Protocol):
    """Encodes tasks for the script that stores them."""

    def encode(self, task: Task, *, task_id: str, options: TaskOptions) -> StoredMessage:
        """Raise ValueError for invalid options, UnknownTask for a task without a route."""
        ...


def validate_schedule(schedule: Iterable[PeriodicTask], *, encoder: MessageEncoder) -> list[ValidatedEntry]:
    """Check all entries of a schedule.

    Raises:
        InvalidSchedule: a name is malformed or used twice, a specification or time zone is invalid, or a task
            cannot be published.
    """
    entries = list(schedule)
    for name, times in Counter(entry.name for entry in entries).items():
        if times > 1:
            raise InvalidSchedule(f"schedule: {times} entries are named {name!r}")
    return [_validate(entry, encoder=encoder) for entry in entries]


def _validate(entry: PeriodicTask, *, encoder: MessageEncoder) -> ValidatedEntry:
    options = entry.options or entry.task.task_options
    try:
        if not _NAME.fullmatch(entry.name):
            raise ValueError("the name must consist of letters, digits, '.', '_' and '-'")  # noqa: TRY301 - all reasons get the same prefix
        timetable = parse_timetable(entry.spec, entry.time_zone)
        _require_repeatable(entry.catch_up, options)
        encoder.encode(entry.task, task_id=entry.name, options=options)
    except UnknownTask as error:
        raise InvalidSchedule(f"schedule: {entry.name!r}: no route for task {str(error)!r}") from error
    except ValueError as error:
        raise InvalidSchedule(f"schedule: {entry.name!r}: {error}") from error
    return ValidatedEntry(periodic=entry, options=options, timetable=timetable)


def _require_repeatable(catch_up: timedelta, options: TaskOptions) -> None:
    if catch_up < MIN_CATCH_UP:
        raise ValueError(f"catch_up must be at least {MIN_CATCH_UP.total_seconds():.0f} s")
    if given := [name for name in _SINGLE_TASK_OPTIONS if getattr(options, name) is not None]:
        raise ValueError(f"a periodic task cannot have {', '.join(given)}")
