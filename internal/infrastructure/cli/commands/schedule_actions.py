"""`cron run`, `pause` and `resume`."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.output.console import print_line, show_json
from internal.infrastructure.cli.output.failures import unknown_name
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_schedules import ScheduleNotFound

T = TypeVar("T")

Schedule = Annotated[str, typer.Argument(help="Name of the periodic task.", show_default=False)]


def run_schedule(context: typer.Context, name: Schedule, *, as_json: AsJson = False) -> None:
    """Publish a periodic task now.

    Its slots stay as they are. A paused one runs, too.

    Examples:
      python -m cmd.admin cron run nightly-report
    """
    task_id = run(
        context, lambda tools: on_schedule(tools.inspector, name, tools.inspector.run_schedule(name))
    )
    if as_json:
        show_json({"name": name, "task_id": task_id})
    else:
        print_line(f"{name}: published as {task_id}")


def pause_schedule(context: typer.Context, name: Schedule, *, as_json: AsJson = False) -> None:
    """Publish nothing at the slots of a periodic task.

    Tasks that are published already still run. Workers of a version before this
    command publish as before.

    Examples:
      python -m cmd.admin cron pause nightly-report
    """
    _set_paused(context, name, paused=True, as_json=as_json)


def resume_schedule(context: typer.Context, name: Schedule, *, as_json: AsJson = False) -> None:
    """Publish a periodic task again, from its next slot on.

    Slots that it missed while it was paused are not made up for.

    Examples:
      python -m cmd.admin cron resume nightly-report
    """
    _set_paused(context, name, paused=False, as_json=as_json)


def _set_paused(context: typer.Context, name: str, *, paused: bool, as_json: bool) -> None:
    async def act(tools: Tools) -> bool:
        inspector = tools.inspector
        change = inspector.pause_schedule if paused else inspector.resume_schedule
        return await on_schedule(inspector, name, change(name))

    is_changed = run(context, act)
    if as_json:
        show_json({"name": name, "is_paused": paused, "is_changed": is_changed})
    elif paused:
        print_line(f"{name}: {'paused' if is_changed else 'it was paused'}")
    else:
        print_line(f"{name}: {'resumed' if is_changed else 'it was not paused'}")


async def on_schedule(inspector: TaskInspector, name: str, work: Awaitable[T]) -> T:
    """Await `work` on a schedule. Raise ScheduleNotFound with the names of similar ones."""
    try:
        return await work
    except ScheduleNotFound as error:
        known = [schedule.name for schedule in await inspector.schedules()]
        raise ScheduleNotFound(unknown_name("periodic task", name, known)) from error


COMMANDS: dict[str, Callable[..., None]] = {
    "run": run_schedule,
    "pause": pause_schedule,
    "resume": resume_schedule,
}
