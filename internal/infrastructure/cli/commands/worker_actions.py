"""`worker quiet` and `worker resume`."""

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from internal.domain.errors import DomainError
from internal.infrastructure.cli.arguments.options import AsJson
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.output.console import print_error, print_line, show_json
from internal.infrastructure.cli.output.failures import FAILED, unknown_name
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.task_inspector import TaskInspector
from internal.ports.task_workers import WorkerNotFound

Workers = Annotated[
    list[str],
    typer.Argument(metavar="WORKER", help="HOST:PID or id of each worker process.", show_default=False),
]

QUIET = """Let workers start no more tasks. Running tasks go on.

    A worker obeys with its next heartbeat, within 5 s, until you resume it or it
    ends. The other processes of its host go on.

    Examples:
      python -m cmd.admin worker quiet worker-2:4711
    """
RESUME = """Let quiet workers start tasks again.

    A worker obeys with its next heartbeat, within 5 s.

    Examples:
      python -m cmd.admin worker resume worker-2:4711
    """


def command_for(*, quiet: bool) -> Callable[..., None]:
    done, not_done = ("quiet", "it was quiet") if quiet else ("resumed", "it was not quiet")

    def act(context: typer.Context, workers: Workers, *, as_json: AsJson = False) -> None:
        async def act_on_each(tools: Tools) -> Mapping[str, bool | str]:
            return {name: await _act(tools.inspector, name, quiet=quiet) for name in dict.fromkeys(workers)}

        outcomes = run(context, act_on_each)
        refused = {name: why for name, why in outcomes.items() if isinstance(why, str)}
        changed = {name: bool(change) for name, change in outcomes.items() if name not in refused}
        if as_json:
            show_json({"action": "quiet" if quiet else "resume", "changed": changed, "refused": refused})
        else:
            for name, change in changed.items():
                print_line(f"{name}: {done if change else not_done}")
        for name, why in refused.items():
            print_error(f"{name}: {why}")
        if refused:
            raise typer.Exit(FAILED)

    return act


async def _act(inspector: TaskInspector, name: str, *, quiet: bool) -> bool | str:
    """Whether it changed the worker, or why it was refused."""
    try:
        worker_id = await _id_of(inspector, name)
        change = inspector.quiet_worker if quiet else inspector.resume_worker
        return await change(worker_id)
    except DomainError as error:
        return error.message


async def _id_of(inspector: TaskInspector, name: str) -> str:
    workers = await inspector.workers()
    ids = {worker.name: worker.id for worker in workers}
    if name in ids.values():
        return name
    if name not in ids:
        raise WorkerNotFound(unknown_name("worker", name, ids))
    return ids[name]
