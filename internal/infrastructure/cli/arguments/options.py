"""Options that several commands share."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from internal.infrastructure.tasks import option_texts
from internal.ports.task_inspector import TaskFilter

T = TypeVar("T")


class State(StrEnum):
    """The states of the tasks in a queue."""

    PENDING = "pending"
    ACTIVE = "active"
    SCHEDULED = "scheduled"
    RETRY = "retry"
    ARCHIVED = "archived"
    COMPLETED = "completed"


def _argument(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Read an argument, or say what is wrong with it."""

    def read(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error

    return read


# Each reads a text. Raises BadParameter.
parse_duration = _argument(option_texts.parse_duration)
parse_time = _argument(option_texts.parse_time)
parse_rate = _argument(option_texts.parse_rate)

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
