from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

import typer

from internal.domain.errors import DomainError
from internal.infrastructure.cli.output.console import print_error
from internal.infrastructure.cli.plain_parameters import PlainGroup
from internal.ports.task_inspector import QueueNotFound, TaskInspector
from internal.ports.unavailable import Unavailable

T = TypeVar("T")

FAILED = 1


class CommandGroup(PlainGroup):
    """Also accepts the command names that users of Asynq know."""

    _ALIASES: Mapping[str, str] = {"list": "ls", "remove": "rm", "unpause": "resume"}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, cmd_name) or super().get_command(
            ctx, self._ALIASES.get(cmd_name, cmd_name)
        )


class Program(CommandGroup):
    """Prints one line for an error. Exits with 1, or with 2 for a usage error."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except typer.TyperException as error:
            _print_usage_error(error)
            code = error.exit_code
        except typer.Abort:
            print_error("Aborted.")
            code = FAILED
        except (DomainError, Unavailable) as error:
            print_error(str(error))
            code = FAILED
        raise SystemExit(code or 0)


def _print_usage_error(error: typer.TyperException) -> None:
    message = error.format_message()
    # Typer does not export this class.
    if type(error).__name__ == "NoArgsIsHelpError":
        # With Rich, Typer has printed the help and the message is empty.
        if message.strip():
            typer.echo(message, err=True)
        return
    context = getattr(error, "ctx", None)
    end = "" if message.endswith((".", "?")) else "."
    print_error(f"{message}{end} See `{context.command_path} --help`." if context else message)


@dataclass(frozen=True, slots=True)
class QueueResults(Generic[T]):
    """What an operation on several queues returned, and the errors, each by queue."""

    results: Mapping[str, T]
    errors: Mapping[str, str]

    def exit_on_errors(self) -> None:
        """Print the errors. Exit with 1 if there are any."""
        for error in self.errors.values():
            print_error(error)
        if self.errors:
            raise typer.Exit(FAILED)


async def for_each_queue(
    inspector: TaskInspector, names: Sequence[str], do: Callable[[str], Awaitable[T]]
) -> QueueResults[T]:
    results: dict[str, T] = {}
    errors: dict[str, str] = {}
    for name in dict.fromkeys(names):
        try:
            results[name] = await do(name)
        except QueueNotFound:
            errors[name] = await _unknown_queue(inspector, name)
        except DomainError as error:
            errors[name] = error.message
    return QueueResults(results, errors)


async def on_queue(inspector: TaskInspector, name: str, work: Awaitable[T]) -> T:
    """Await `work` on a queue. Raise QueueNotFound with the names of similar queues."""
    try:
        return await work
    except QueueNotFound as error:
        raise QueueNotFound(await _unknown_queue(inspector, name)) from error


async def _unknown_queue(inspector: TaskInspector, name: str) -> str:
    return unknown_name("queue", name, [queue.name for queue in await inspector.queues()])


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """An error text that suggests similar names, or lists all of them."""
    names = sorted(known)
    problem = f"unknown {kind} {name!r}"
    if close := get_close_matches(name, names):
        return f"{problem}; did you mean {' or '.join(repr(match) for match in close)}?"
    return f"{problem}; there are: {', '.join(names)}" if names else f"{problem}; there are no {kind}s"
