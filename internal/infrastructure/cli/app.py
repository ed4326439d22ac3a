"""The operators' command line. `app(obj=...)` takes the installation that the commands work on."""

import typer

from internal.infrastructure.cli.commands import (
    database,
    failure_actions,
    failure_views,
    outbox,
    queues,
    schedules,
    server,
    task_actions,
    task_bulk,
    user_actions,
    user_creation,
    user_views,
    workers,
)
from internal.infrastructure.cli.commands.audit import list_audit
from internal.infrastructure.cli.commands.services import show_services
from internal.infrastructure.cli.commands.stats import show_stats
from internal.infrastructure.cli.commands.task_enqueue import enqueue_task
from internal.infrastructure.cli.commands.task_names import list_names
from internal.infrastructure.cli.commands.task_views import inspect_task, list_tasks
from internal.infrastructure.cli.dash.command import show_dashboard
from internal.infrastructure.cli.output.failures import CommandGroup, Program
from internal.ports.task_inspector import TaskAction

app = typer.Typer(
    cls=Program,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Operate the queues, the outbox, the workers and the users."
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

failures = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    help="Show failed tasks in groups, and run, archive or delete a group.",
)
failures.command("ls")(failure_views.list_groups)
failures.command("show")(failure_views.show_group)
for action in failure_actions.HELP:
    failures.command(action.value, help=failure_actions.HELP[action])(failure_actions.command_for(action))

users = typer.Typer(cls=CommandGroup, no_args_is_help=True, help="Create, list, promote and disable users.")
users.command("create-admin")(user_creation.create_admin)
users.command("ls")(user_views.list_users)
users.command("show")(user_views.show)
users.command("sessions")(user_views.sessions)
users.command("log-ins")(user_views.log_ins)
users.command("promote")(user_actions.promote)
users.command("disable")(user_actions.disable)
users.command("enable")(user_actions.enable)
users.command("seed")(user_creation.seed)

app.command("stats")(show_stats)
app.command("services")(show_services)
app.command("dash")(show_dashboard)
app.add_typer(queues.app, name="queue")
app.add_typer(tasks, name="task")
app.add_typer(failures, name="failures")
app.add_typer(outbox.app, name="outbox")
app.add_typer(server.app, name="server")
app.add_typer(workers.app, name="worker")
app.add_typer(schedules.app, name="cron")
app.add_typer(users, name="user")
app.command("audit")(list_audit)
app.add_typer(database.app, name="db")
