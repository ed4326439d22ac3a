"""The operators' command line. `app(obj=...)` takes the installation that the commands work on."""

import typer

from internal.infrastructure.cli.commands import (
    database,
    outbox,
    queues,
    schedules,
    server,
    task_actions,
    task_bulk,
    workers,
)
from internal.infrastructure.cli.commands.stats import show_stats
from internal.infrastructure.cli.commands.task_enqueue import enqueue_task
from internal.infrastructure.cli.commands.task_names import list_names
from internal.infrastructure.cli.commands.task_views import inspect_task, list_tasks
from internal.infrastructure.cli.output.failures import CommandGroup, Program
from internal.ports.task_inspector import TaskAction

app = typer.Typer(
    cls=Program,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Operate the queues, the outbox and the workers."
    " Exit codes: 0 success, 1 failure or partial failure, 2 usage error.",
)
tasks = typer.Typer(
    cls=CommandGroup, no_args_is_help=True, help="Inspect, publish, run, archive, delete and cancel tasks."
)
tasks.command("ls")(list_tasks)
tasks.command("names")(list_names)
tasks.command("inspect")(inspect_task)
tasks.command("enqueue")(enqueue_task)
for action in TaskAction:
    tasks.command(action.value, help=task_actions.HELP[action])(task_actions.command_for(action))
for action in TaskAction:
    tasks.command(f"{action}-all", help=task_bulk.HELP[action])(task_bulk.command_for(action))

app.command("stats")(show_stats)
app.add_typer(queues.app, name="queue")
app.add_typer(tasks, name="task")
app.add_typer(outbox.app, name="outbox")
app.add_typer(server.app, name="server")
app.add_typer(workers.app, name="worker")
app.add_typer(schedules.app, name="cron")
app.add_typer(database.app, name="db")
