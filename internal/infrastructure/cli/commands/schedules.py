from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.commands.schedule_actions import COMMANDS, on_schedule
from internal.infrastructure.cli.output import json_output
from internal.infrastructure.cli.output.console import show_json, show_table
from internal.infrastructure.cli.output.failures import CommandGroup
from internal.infrastructure.cli.output.table_layout import Column
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.task_snapshots import ScheduledRun, ScheduleInfo

app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    help="List, run, pause and resume the periodic tasks.",
)

for _command, _function in COMMANDS.items():
    app.command(_command)(_function)

_SCHEDULES = (
    Column("NAME"),
    Column("SPEC"),
    Column("TIME ZONE", is_optional=True),
    Column("TASK", is_text=True),
    Column("QUEUE", is_optional=True),
    Column("NEXT"),
    Column("LAST"),
)
_RUNS = (Column("SLOT"), Column("PUBLISHED"), Column("TASK"))


@app.command("ls")
def list_schedules(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the periodic tasks.

    Shows when each was last due, and when it is due next.

    Examples:
      python -m cmd.admin cron ls
    """

    async def read(tools: Tools) -> tuple[Sequence[ScheduleInfo], datetime]:
        return await tools.inspector.schedules(), tools.clock.now()

    schedules, now = run(context, read)
    if as_json:
        show_json({"schedules": [json_output.schedule(schedule) for schedule in schedules]})
        return
    rows = [
        (
            schedule.name,
            schedule.spec,
            schedule.time_zone,
            schedule.task_name,
            schedule.queue,
            "paused" if schedule.is_paused else humanize.relative_time(schedule.next, now=now),
            humanize.relative_time(schedule.last, now=now),
        )
        for schedule in schedules
    ]
    show_table(_SCHEDULES, rows, empty="There are no periodic tasks.")


@app.command()
def history(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the periodic task.", show_default=False)],
    *,
    size: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of publications.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Show when a periodic task was published.

    Newest first. Redis keeps the last 1,000 publications.

    Examples:
      python -m cmd.admin cron history nightly-report
    """

    async def read(tools: Tools) -> Sequence[ScheduledRun]:
        runs = tools.inspector.schedule_history(name, size=size)
        return await on_schedule(tools.inspector, name, runs)

    runs = run(context, read)
    if as_json:
        show_json({"name": name, "runs": [json_output.run(one) for one in runs]})
        return
    rows = [
        (
            one.slot.isoformat(timespec="seconds"),
            one.published_at.isoformat(timespec="seconds"),
            one.task_id,
        )
        for one in runs
    ]
    show_table(_RUNS, rows, empty=f"{name} has not been published yet.")
