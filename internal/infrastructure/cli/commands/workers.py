import asyncio
import socket
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.installation import Tools
from internal.infrastructure.cli.output import humanize, json_output
from internal.infrastructure.cli.output.console import say, show_json, show_table, tell
from internal.infrastructure.cli.output.failures import FAILED, Commands
from internal.infrastructure.cli.output.table_layout import Column
from internal.infrastructure.cli.session import installation_of, run
from internal.infrastructure.telemetry.liveness_file import SILENT_AFTER
from internal.ports.task_snapshots import WorkerInfo

app = typer.Typer(cls=Commands, no_args_is_help=True, help="The workers: who is up, and what runs.")

_WORKERS = (
    Column("HOST"),
    Column("PID", is_number=True),
    Column("STATUS"),
    Column("RUNNING", is_number=True),
    Column("QUEUES", is_text=True),
    Column("STARTED"),
    Column("HEARD", is_optional=True),
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
    """List the worker processes.

    And the tasks that they run. One that was not heard for a lease is gone.
    While Redis takes no writes, it is unknown which are up.

    Examples:
      python -m cmd.admin worker ls
    """

    async def look(tools: Tools) -> tuple[Sequence[WorkerInfo], str | None, datetime]:
        refusals = await tools.redis_refusals()
        return await tools.inspector.workers(), refusals.of_workers, tools.clock.now()

    workers, precheck, now = run(context, look)
    if as_json:
        listed = [json_output.worker(worker) for worker in workers]
        show_json({"workers": listed, "why_incomplete": precheck})
        return
    nobody = "It is unknown which workers are up." if precheck else "No worker is up."
    show_table(_WORKERS, [_row(worker, now) for worker in workers], empty=nobody)
    if running := _running(workers, now):
        say("")
        show_table(_RUNNING, running, empty="")
    if precheck:
        tell(f"workers that are up may be missing: they cannot register ({precheck})")


def _row(worker: WorkerInfo, now: datetime) -> Sequence[str]:
    queues = ",".join(f"{name}:{weight}" for name, weight in worker.queues.items())
    return (
        worker.host,
        str(worker.pid),
        _status(worker),
        f"{len(worker.running)}/{worker.concurrency}",
        f"{queues} strictly" if worker.is_strict else queues,
        humanize.moment(worker.started_at, now=now),
        humanize.moment(worker.heard_at, now=now),
    )


def _status(worker: WorkerInfo) -> str:
    if worker.is_draining:
        return "draining"
    return f"waits for {worker.waits_for}" if worker.waits_for else "up"


def _running(workers: Sequence[WorkerInfo], now: datetime) -> list[Sequence[str]]:
    return [
        (
            task.id,
            task.name,
            task.queue,
            humanize.moment(task.started_at, now=now),
            f"{worker.host}:{worker.pid}",
            humanize.moment(task.deadline, now=now),
        )
        for worker in workers
        for task in worker.running
    ]


def _named(worker: WorkerInfo) -> str:
    return f"{worker.pid} (waits for {worker.waits_for})" if worker.waits_for else str(worker.pid)


@app.command()
def ping(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="The host that a worker must be up on.")] = socket.gethostname(),
    as_json: AsJson = False,
) -> None:
    """Exit 0 if a worker is up on this host; 1 if not, or if that is unknown.

    Up means that it was heard within WORKER_LEASE, so its event loop turns.
    It is unknown while Redis is away or takes no writes. The error says why.
    One that waits for Postgres is up; it takes no task until Postgres is back.

    Examples:
      python -m cmd.admin worker ping
      python -m cmd.admin worker ping --host worker-2
    """
    workers = asyncio.run(installation_of(context).workers_on(host))
    if as_json:
        process_ids = [worker.pid for worker in workers]
        waiting = {str(worker.pid): worker.waits_for for worker in workers if worker.waits_for}
        show_json({"host": host, "process_ids": process_ids, "waits_for": waiting})
    elif workers:
        say(f"up on {host}: {', '.join(_named(worker) for worker in workers)}")
    if not workers:
        tell(f"no worker is up on {host}")
        raise typer.Exit(FAILED)


@app.command()
def alive(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Exit 0 if the worker on this machine is alive; 1 if not.

    Alive means that its supervisor and the event loops of its processes go
    round. No service is asked: while Redis is away, a worker is alive and
    waits. It is the check after which to restart a worker.

    Examples:
      python -m cmd.admin worker alive
    """
    heard = installation_of(context).workers_heard_ago()
    silent = {process_id: seconds for process_id, seconds in heard.items() if seconds > SILENT_AFTER}
    if as_json:
        show_json({"processes": [{"pid": pid, "heard_ago": round(ago, 3)} for pid, ago in heard.items()]})
    elif heard and not silent:
        say(f"alive: {', '.join(str(process_id) for process_id in heard)}")
    if not heard:
        tell("no worker runs on this machine")
    for process_id, seconds in silent.items():
        tell(f"process {process_id} was last heard {seconds:.0f} s ago")
    if silent or not heard:
        raise typer.Exit(FAILED)
