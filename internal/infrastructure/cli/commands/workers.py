import socket
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.commands import worker_actions
from internal.infrastructure.cli.output import json_output
from internal.infrastructure.cli.output.console import print_error, print_line, show_json, show_table
from internal.infrastructure.cli.output.failures import FAILED, CommandGroup
from internal.infrastructure.cli.output.table_layout import Column
from internal.infrastructure.cli.plain_parameters import PlainCommand
from internal.infrastructure.cli.run_with_tools import installation_of, run, run_loop
from internal.infrastructure.telemetry.liveness_file import SILENT_AFTER
from internal.ports.task_snapshots import WorkerInfo

app = typer.Typer(cls=CommandGroup, no_args_is_help=True, help="List, check, quiet and resume the workers.")
app.command("quiet", help=worker_actions.QUIET)(worker_actions.command_for(quiet=True))
app.command("resume", help=worker_actions.RESUME)(worker_actions.command_for(quiet=False))

_WORKERS = (
    Column("HOST"),
    Column("PID", is_number=True),
    Column("STATUS"),
    Column("RUNNING", is_number=True),
    Column("QUEUES", is_text=True),
    Column("STARTED"),
    Column("HEARTBEAT", is_optional=True),
)
_RUNNING = (
    Column("TASK"),
    Column("NAME", is_text=True),
    Column("QUEUE"),
    Column("STARTED"),
    Column("WORKER", is_optional=True),
    Column("DEADLINE", is_optional=True),
)


@app.command("ls")
def list_workers(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the worker processes and the tasks that they run.

    A worker without a heartbeat for one lease is left out. While Redis rejects
    writes, workers that are up may be missing.

    Examples:
      python -m cmd.admin worker ls
    """

    async def read(tools: Tools) -> tuple[Sequence[WorkerInfo], str | None, datetime]:
        refusals = await tools.redis_refusals()
        return await tools.inspector.workers(), refusals.of_workers, tools.clock.now()

    workers, refusal, now = run(context, read)
    if as_json:
        listed = [json_output.worker(worker) for worker in workers]
        show_json({"workers": listed, "why_incomplete": refusal})
        return
    empty = "It is unknown which workers are up." if refusal else "No worker is up."
    show_table(_WORKERS, [_row(worker, now) for worker in workers], empty=empty)
    if running := _running(workers, now):
        print_line("")
        show_table(_RUNNING, running, empty="")
    if refusal:
        print_error(f"the list may be incomplete: workers cannot register ({refusal})")


def _row(worker: WorkerInfo, now: datetime) -> Sequence[str]:
    queues = ",".join(f"{name}:{weight}" for name, weight in worker.queues.items())
    return (
        worker.host,
        str(worker.pid),
        worker_status(worker),
        f"{len(worker.running)}/{worker.concurrency}",
        f"{queues} (strict)" if worker.is_strict else queues,
        humanize.relative_time(worker.started_at, now=now),
        humanize.relative_time(worker.heard_at, now=now),
    )


def worker_status(worker: WorkerInfo) -> str:
    if worker.is_draining:
        return "draining"
    if worker.is_quiet:
        return "quiet"
    return f"waits for {worker.waits_for}" if worker.waits_for else "up"


def _running(workers: Sequence[WorkerInfo], now: datetime) -> list[Sequence[str]]:
    return [
        (
            task.id,
            task.name,
            task.queue,
            humanize.relative_time(task.started_at, now=now),
            worker.name,
            humanize.relative_time(task.deadline, now=now),
        )
        for worker in workers
        for task in worker.running
    ]


def _named(worker: WorkerInfo) -> str:
    return f"{worker.pid} (waits for {worker.waits_for})" if worker.waits_for else str(worker.pid)


@app.command(cls=PlainCommand)
def ping(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="The host to check.")] = socket.gethostname(),
    as_json: AsJson = False,
) -> None:
    """Exit 0 if a worker is up on this host; 1 if not, or if that is unknown.

    A worker is up if it sent a heartbeat within WORKER_LEASE. That is unknown
    while Redis is down or rejects writes; the error says why. A worker that
    waits for Postgres is up, but starts no tasks until Postgres is back.

    Examples:
      python -m cmd.admin worker ping
      python -m cmd.admin worker ping --host worker-2
    """
    workers = run_loop(installation_of(context).workers_on(host))
    if as_json:
        process_ids = [worker.pid for worker in workers]
        waiting = {str(worker.pid): worker.waits_for for worker in workers if worker.waits_for}
        show_json({"host": host, "process_ids": process_ids, "waits_for": waiting})
    elif workers:
        print_line(f"up on {host}: {', '.join(_named(worker) for worker in workers)}")
    if not workers:
        print_error(f"no worker is up on {host}")
        raise typer.Exit(FAILED)


@app.command()
def alive(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Exit 0 if the worker on this machine is alive, else 1.

    A worker is alive while its supervisor and the event loops of its processes
    run. While Redis is down, a worker is alive and waits. Restart a worker that
    fails this check.

    Examples:
      python -m cmd.admin worker alive
    """
    ages = installation_of(context).heartbeat_ages()
    silent = {process_id: seconds for process_id, seconds in ages.items() if seconds > SILENT_AFTER}
    if as_json:
        show_json({"processes": [{"pid": pid, "heard_ago": round(ago, 3)} for pid, ago in ages.items()]})
    elif ages and not silent:
        print_line(f"alive: {', '.join(str(process_id) for process_id in ages)}")
    if not ages:
        print_error("no worker runs on this machine")
    for process_id, seconds in silent.items():
        print_error(f"process {process_id}: last heartbeat {seconds:.0f} s ago")
    if silent or not ages:
        raise typer.Exit(FAILED)
