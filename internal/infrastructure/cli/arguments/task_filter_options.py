"""Options that choose tasks by what they have in common."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer

from internal.infrastructure.cli.arguments.options import parse_duration, parse_time
from internal.ports.task_inspector import TaskFilter

_LONGEST = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, or a duration before now."""

    given: datetime | timedelta

    def at(self, now: datetime) -> datetime:
        return now - self.given if isinstance(self.given, timedelta) else self.given


def parse_moment(text: str) -> Moment:
    """Read an ISO 8601 time with a time zone, or a duration: "1h" is an hour ago. Raises BadParameter."""
    if "-" in text or ":" in text:
        return Moment(parse_time(text))
    before = parse_duration(text)
    if before > _LONGEST:
        raise typer.BadParameter(f"{text!r} is too long.")
    return Moment(before)


Name = Annotated[str | None, typer.Option("--name", help="Only tasks with this name.")]
PayloadHas = Annotated[
    str | None,
    typer.Option("--payload", help="Only tasks whose payload contains this text, in any case."),
]
ErrorHas = Annotated[
    str | None,
    typer.Option("--error", help="Only tasks whose last error contains this text, in any case."),
]
Since = Annotated[
    Moment | None,
    typer.Option(
        parser=parse_moment,
        metavar="TIME",
        help="Only tasks to which something happened at this time or later: 1h, 2030-01-31T09:00:00Z."
        " They were published, started, failed or completed.",
    ),
]
Until = Annotated[
    Moment | None,
    typer.Option(
        parser=parse_moment, metavar="TIME", help="Only tasks to which the last thing happened before it."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterOptions:
    name: str | None
    payload: str | None
    error: str | None
    since: Moment | None
    until: Moment | None

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.payload or self.error or self.since or self.until)

    def at(self, now: datetime) -> TaskFilter | None:
        """The filter that they mean now; None without any."""
        if self.is_empty:
            return None
        return TaskFilter(
            name=self.name,
            payload=self.payload,
            error=self.error,
            since=self.since.at(now) if self.since else None,
            until=self.until.at(now) if self.until else None,
        )
