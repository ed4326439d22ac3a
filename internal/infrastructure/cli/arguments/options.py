"""Options that several commands share."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from internal.ports.task_inspector import TaskFilter
from internal.ports.tasks import Rate


class State(StrEnum):
    """The states of the tasks in a queue."""

    PENDING = "pending"
    ACTIVE = "active"
    SCHEDULED = "scheduled"
    RETRY = "retry"
    ARCHIVED = "archived"
    COMPLETED = "completed"


_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def parse_duration(text: str) -> timedelta:
    """Read "90s", "1h30m" or "7d". Raises BadParameter."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise typer.BadParameter(f"{text!r} is not a duration. Examples: 90s, 15m, 1h30m, 7d.")
    try:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    except OverflowError as error:
        raise typer.BadParameter(f"{text!r} is too long.") from error


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time with a time zone. Raises BadParameter."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a time. Example: 2030-01-31T09:00:00Z.") from error
    if time.utcoffset() is None:
        raise typer.BadParameter(f"{text!r} has no time zone. Append Z or an offset such as +01:00.")
    return time


def parse_rate(text: str) -> Rate:
    """Read "10/1m". Raises BadParameter."""
    limit, slash, per = text.partition("/")
    if not (slash and limit.isdecimal()):
        raise typer.BadParameter(f"{text!r} is not a rate. Example: 10/1m.")
    try:
        return Rate(int(limit), parse_duration(per))
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
InQueue = Annotated[str, typer.Option("--queue", "-q", help="Queue of the tasks.")]
InState = Annotated[State, typer.Option("--state", "-s", help="State of the tasks.")]
InAnyState = Annotated[State | None, typer.Option("--state", "-s", help="Only tasks in this state.")]
Name = Annotated[str | None, typer.Option("--name", help="Only tasks with this name.")]
PayloadHas = Annotated[
    str | None,
    typer.Option("--payload", help="Only tasks whose payload contains this text, in any case."),
]
ErrorHas = Annotated[
    str | None,
    typer.Option("--error", help="Only tasks whose last error contains this text, in any case."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
Names = Annotated[list[str], typer.Argument(help="Queue names.", show_default=False)]
Ids = Annotated[list[str], typer.Argument(help="Task ids.", show_default=False)]


def filter_of(name: str | None, payload: str | None, error: str | None) -> TaskFilter | None:
    only = TaskFilter(name=name, payload=payload, error=error)
    return None if only.is_empty else only
