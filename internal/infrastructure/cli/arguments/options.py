"""Options that several commands have."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from internal.ports.task_inspector import TaskFilter
from internal.ports.tasks import Rate


class State(StrEnum):
    """The states in which a queue has tasks."""

    PENDING = "pending"
    ACTIVE = "active"
    SCHEDULED = "scheduled"
    RETRY = "retry"
    ARCHIVED = "archived"
    COMPLETED = "completed"


_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def span(text: str) -> timedelta:
    """Read "90s", "1h30m" or "7d". Raises BadParameter."""
    parts = _SPAN.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise typer.BadParameter(f"{text!r} is no time span such as 90s, 15m, 1h30m or 7d.")
    try:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    except OverflowError as error:
        raise typer.BadParameter(f"{text!r} is too long.") from error


def instant(text: str) -> datetime:
    """Read an ISO 8601 moment that knows its time zone. Raises BadParameter."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time such as 2030-01-31T09:00:00Z.") from error
    if moment.utcoffset() is None:
        raise typer.BadParameter(f"{text!r} has no time zone: append Z, or such as +01:00.")
    return moment


def rate(text: str) -> Rate:
    """Read "10/1m". Raises BadParameter."""
    limit, slash, per = text.partition("/")
    if not (slash and limit.isdecimal()):
        raise typer.BadParameter(f"{text!r} is no rate such as 10/1m.")
    try:
        return Rate(int(limit), span(per))
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
InQueue = Annotated[str, typer.Option("--queue", "-q", help="The tasks' queue.")]
InState = Annotated[State, typer.Option("--state", "-s", help="The tasks' state.")]
InAnyState = Annotated[State | None, typer.Option("--state", "-s", help="Only tasks in this state.")]
Name = Annotated[str | None, typer.Option("--name", help="Only tasks of this name.")]
PayloadHas = Annotated[
    str | None,
    typer.Option("--payload", help="Only tasks with this text in their payload, whatever its case."),
]
ErrorHas = Annotated[
    str | None,
    typer.Option("--error", help="Only tasks with this text in their last error, whatever its case."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Names = Annotated[list[str], typer.Argument(help="Names of queues.", show_default=False)]
Ids = Annotated[list[str], typer.Argument(help="Ids of tasks.", show_default=False)]


def filter_of(name: str | None, payload: str | None, error: str | None) -> TaskFilter | None:
    only = TaskFilter(name=name, payload=payload, error=error)
    return None if only.is_empty else only
