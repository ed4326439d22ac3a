"""`task run`, `archive`, `delete` and `cancel`, for listed tasks."""

from collections.abc import Callable, Mapping, Sequence

import typer

from internal.infrastructure.cli.arguments.options import AsJson, Ids, InQueue
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.commands.bulk import show_result
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.task_inspector import ActionResult, TaskAction

MAX_IDS = 500
OUTCOMES: Mapping[TaskAction, str] = {
    TaskAction.RUN: "pending",
    TaskAction.ARCHIVE: "archived",
    TaskAction.DELETE: "deleted",
    TaskAction.CANCEL: "cancelling",
}
HELP: Mapping[TaskAction, str] = {
    TaskAction.RUN: """Run scheduled, retry or archived tasks now.

    An archived task gets all its retries again.

    Examples:
      python -m cmd.admin task run -q default ID
      python -m cmd.admin task run -q default ID1 ID2 --json
    """,
    TaskAction.ARCHIVE: """Archive pending, scheduled or retry tasks.

    Archived tasks run only when you run them, and are deleted after 90 days.

    Examples:
      python -m cmd.admin task archive -q default ID
    """,
    TaskAction.DELETE: """Delete tasks in any state but active.

    Cancel a running task first.

    Examples:
      python -m cmd.admin task delete -q default ID
    """,
    TaskAction.CANCEL: """Cancel running tasks.

    Their handlers are cancelled within a second, and the tasks are archived.

    Examples:
      python -m cmd.admin task cancel -q default ID
    """,
}


def command_for(action: TaskAction) -> Callable[..., None]:
    def act(context: typer.Context, ids: Ids, *, queue: InQueue, as_json: AsJson = False) -> None:
        result = run(context, lambda tools: _act(tools, action, queue, ids))
        about = {"action": action, "queue": queue}
        show_result(result, about, outcome=OUTCOMES[action], as_json=as_json)

    return act


async def _act(tools: Tools, action: TaskAction, queue: str, ids: Sequence[str]) -> ActionResult:
    done: list[str] = []
    refused: dict[str, str] = {}
    for first in range(0, len(ids), MAX_IDS):
        result = await tools.inspector.act(action, queue, ids[first : first + MAX_IDS])
        done += result.done
        refused.update(result.refused)
    return ActionResult(done=done, refused=refused)
