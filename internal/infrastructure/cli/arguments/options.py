"""Options that several commands share."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from internal.infrastructure.tasks import option_texts

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
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
Names = Annotated[list[str], typer.Argument(help="Queue names.", show_default=False)]
Ids = Annotated[list[str], typer.Argument(help="Task ids.", show_default=False)]
