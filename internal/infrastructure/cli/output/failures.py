from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

import typer
from typer.core import TyperGroup

from internal.domain.errors import DomainError
from internal.infrastructure.cli.output.console import tell
from internal.ports.task_inspector import QueueNotFound, TaskInspector
from internal.ports.unavailable import Unavailable

T = TypeVar("T")

FAILED = 1


class Commands(TyperGroup):
    """Commands that Asynq's users know by other names answer to those, too."""

    _ALIASES: Mapping[str, str] = {"list": "ls", "remove": "rm", "unpause": "resume"}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, cmd_name) or super().get_command(
            ctx, self._ALIASES.get(cmd_name, cmd_name)
        )


class Program(Commands):
    """Says in one line what went wrong, and ends with 1; with 2 if the command was not understood."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except typer.TyperException as error:
            _tell_usage(error)
            code = error.exit_code
        except typer.Abort:
            tell("stopped")
            code = FAILED
        except (DomainError, Unavailable) as error:
            tell(str(error))
            code = FAILED
        raise SystemExit(code or 0)


def _tell_usage(error: typer.TyperException) -> None:
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":  # the class is Typer's own affair; it says so itself
        if message.strip():  # without Rich, the help is still to be shown
            typer.echo(message, err=True)
        return
    context = getattr(error, "ctx", None)
    end = "" if message.endswith((".", "?")) else "."
    tell(f"{message}{end} See `{context.command_path} --help`." if context else message)


@dataclass(frozen=True, slots=True)
class PerName(Generic[T]):
    """What became of several things: results of some, and why there are none of the others."""

    results: Mapping[str, T]
    errors: Mapping[str, str]

    def end(self) -> None:
        """Tell what failed; if anything did, end with 1."""
        for why in self.errors.values():
            tell(why)
        if self.errors:
            raise typer.Exit(FAILED)


async def for_each_queue(
    inspector: TaskInspector, names: Sequence[str], do: Callable[[str], Awaitable[T]]
) -> PerName[T]:
    results: dict[str, T] = {}
    errors: dict[str, str] = {}
    for name in dict.fromkeys(names):
        try:
            results[name] = await do(name)
        except QueueNotFound:
            errors[name] = await no_such_queue(inspector, name)
        except DomainError as error:
            errors[name] = error.message
    return PerName(results, errors)


async def on_queue(inspector: TaskInspector, name: str, work: Awaitable[T]) -> T:
    """Do something, and if the queue is not there, say which ones are. Raises QueueNotFound."""
    try:
        return await work
    except QueueNotFound as error:
        raise QueueNotFound(await no_such_queue(inspector, name)) from error


async def no_such_queue(inspector: TaskInspector, name: str) -> str:
    return no_such("queue", name, [queue.name for queue in await inspector.queues()])


def no_such(kind: str, name: str, known: Iterable[str]) -> str:
    """A sentence that names what was probably meant, or else all there is."""
    names = sorted(known)
    missing = f"there is no {kind} {name!r}"
    if close := get_close_matches(name, names):
        return f"{missing}; did you mean {' or '.join(repr(match) for match in close)}?"
    return f"{missing}; there are {', '.join(names)}" if names else f"{missing}; there is none at all"
