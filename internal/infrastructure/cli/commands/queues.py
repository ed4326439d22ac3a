from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.confirmation import confirm
from internal.infrastructure.cli.arguments.options import AsJson, Names, Yes
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.output import json_output
from internal.infrastructure.cli.output.console import print_line, show_fields, show_json, show_table
from internal.infrastructure.cli.output.failures import CommandGroup, QueueResults, for_each_queue
from internal.infrastructure.cli.output.table_layout import Column
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.task_snapshots import DayCount, QueueInfo
from internal.ports.tasks import TaskState

app = typer.Typer(cls=CommandGroup, no_args_is_help=True, help="Inspect, pause, resume and remove queues.")

_COLUMNS = (
    Column("QUEUE"),
    Column("STATUS"),
    Column("SIZE", is_number=True, is_optional=True),
    *(
        Column(state.upper(), is_number=True, is_optional=state is TaskState.COMPLETED)
        for state in json_output.STATES
    ),
    Column("LATENCY", is_number=True),
    Column("ERRORS", is_number=True),
    Column("MEMORY", is_number=True, is_optional=True),
    Column("DONE TODAY", is_number=True, is_optional=True),
    Column("FAILED TODAY", is_number=True, is_optional=True),
)


def show_queues(queues: Iterable[QueueInfo]) -> None:
    show_table(
        _COLUMNS, [_row(queue) for queue in queues], empty="There are no queues: nothing was published yet."
    )


def _row(queue: QueueInfo) -> Sequence[str]:
    return (
        queue.name,
        _status(queue),
        humanize.count(queue.size),
        *(humanize.count(size) for size in json_output.sizes(queue).values()),
        humanize.duration(queue.latency),
        humanize.percent(humanize.error_rate(processed=queue.processed, failed=queue.failed)),
        humanize.memory(queue.memory),
        humanize.count(queue.processed),
        humanize.count(queue.failed),
    )


def _status(queue: QueueInfo) -> str:
    return "paused" if queue.is_paused else "running"


@app.command("ls")
def list_queues(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the queues.

    Shows the tasks per state, how long the oldest pending task has waited, and
    the share of attempts that failed today.

    Examples:
      python -m cmd.admin queue ls
      python -m cmd.admin queue ls --json
    """
    queues = run(context, lambda tools: tools.inspector.queues())
    if as_json:
        show_json({"queues": [json_output.queue(queue) for queue in queues]})
    else:
        show_queues(queues)


@app.command()
def inspect(context: typer.Context, names: Names, *, as_json: AsJson = False) -> None:
    """Show the details of queues.

    Daily numbers are those of today in UTC.

    Examples:
      python -m cmd.admin queue inspect critical
      python -m cmd.admin queue inspect critical default --json
    """
    found = run(context, lambda tools: for_each_queue(tools.inspector, names, tools.inspector.queue))
    if as_json:
        queues = [json_output.queue(queue) for queue in found.results.values()]
        show_json({"queues": queues, "errors": found.errors})
    else:
        for queue in found.results.values():
            show_fields(_fields(queue))
            print_line("")
    found.exit_on_errors()


def _fields(queue: QueueInfo) -> Sequence[tuple[str, str]]:
    return [
        ("queue", queue.name),
        ("status", _status(queue)),
        ("size", humanize.count(queue.size)),
        *((state, humanize.count(size)) for state, size in json_output.sizes(queue).items()),
        ("latency", f"{humanize.duration(queue.latency)} (age of the oldest pending task)"),
        ("memory", f"{humanize.memory(queue.memory)} (estimated)"),
        ("done today", humanize.count(queue.processed)),
        ("failed today", humanize.count(queue.failed)),
        ("error rate", humanize.percent(humanize.error_rate(processed=queue.processed, failed=queue.failed))),
    ]


@app.command()
def history(
    context: typer.Context,
    names: Names,
    *,
    days: Annotated[
        int, typer.Option("--days", "-x", min=1, max=90, help="Number of days, including today.")
    ] = 10,
    as_json: AsJson = False,
) -> None:
    """Count the successful and failed attempts of the last days.

    Days are in UTC.

    Examples:
      python -m cmd.admin queue history default
      python -m cmd.admin queue history critical default --days 30
    """

    async def counted(tools: Tools) -> QueueResults[Sequence[DayCount]]:
        return await for_each_queue(
            tools.inspector, names, lambda name: tools.inspector.history(name, days=days)
        )

    found = run(context, counted)
    if as_json:
        queues = [
            {"name": name, "days": [json_output.day(day) for day in counts]}
            for name, counts in found.results.items()
        ]
        show_json({"queues": queues, "errors": found.errors})
    else:
        _show_history(found.results)
    found.exit_on_errors()


def _show_history(histories: Mapping[str, Sequence[DayCount]]) -> None:
    columns = [
        Column("QUEUE"),
        Column("DAY"),
        *(Column(title, is_number=True) for title in ("DONE", "FAILED", "ERRORS")),
    ]
    rows = [
        (
            name,
            day.day.isoformat(),
            humanize.count(day.processed),
            humanize.count(day.failed),
            humanize.percent(humanize.error_rate(processed=day.processed, failed=day.failed)),
        )
        for name, days in histories.items()
        for day in days
    ]
    if rows:
        show_table(columns, rows, empty="")


@app.command()
def pause(context: typer.Context, names: Names, *, as_json: AsJson = False) -> None:
    """Pause queues.

    No more of their tasks start. Running tasks continue, and new tasks are stored.

    Examples:
      python -m cmd.admin queue pause low
    """
    changed = run(context, lambda tools: for_each_queue(tools.inspector, names, tools.inspector.pause))
    _show_changed(changed, is_paused=True, as_json=as_json)


@app.command()
def resume(context: typer.Context, names: Names, *, as_json: AsJson = False) -> None:
    """Resume paused queues.

    Workers start their tasks again.

    Examples:
      python -m cmd.admin queue resume low
    """
    changed = run(context, lambda tools: for_each_queue(tools.inspector, names, tools.inspector.resume))
    _show_changed(changed, is_paused=False, as_json=as_json)


def _show_changed(changed: QueueResults[bool], *, is_paused: bool, as_json: bool) -> None:
    if as_json:
        queues = [
            {"name": name, "is_paused": is_paused, "changed": was_changed}
            for name, was_changed in changed.results.items()
        ]
        show_json({"queues": queues, "errors": changed.errors})
    else:
        for name, was_changed in changed.results.items():
            status = "paused" if is_paused else "running"
            print_line(f"{name}: {status}" if was_changed else f"{name}: already {status}")
    changed.exit_on_errors()


@app.command("rm")
def remove(
    context: typer.Context,
    names: Names,
    *,
    force: Annotated[bool, typer.Option("--force", "-f", help="Delete the tasks as well.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete queues and their statistics.

    A queue with tasks needs --force. A queue with running tasks is kept.

    Examples:
      python -m cmd.admin queue rm reports
      python -m cmd.admin queue rm reports --force --yes
    """
    what = "including their tasks" if force else "if they are empty"
    confirm(context, f"Delete the queues {', '.join(names)}, {what}?", yes=yes)
    removed = run(
        context,
        lambda tools: for_each_queue(
            tools.inspector, names, lambda name: tools.inspector.remove_queue(name, force=force)
        ),
    )
    if as_json:
        show_json({"removed": list(removed.results), "errors": removed.errors})
    else:
        for name in removed.results:
            print_line(f"{name}: removed")
    removed.exit_on_errors()
