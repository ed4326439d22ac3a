"""`failures run`, `archive` and `delete`."""

from collections.abc import AsyncIterator, Callable, Mapping

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.confirmation import confirm
from internal.infrastructure.cli.arguments.fingerprint_argument import Fingerprint, group_of
from internal.infrastructure.cli.arguments.options import AsJson, Yes
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.commands.bulk import show_tally, tally_up
from internal.infrastructure.cli.commands.task_actions import OUTCOMES
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.task_failures import FailureGroup
from internal.ports.task_inspector import ActionResult, TaskAction, TaskInspector

HELP: Mapping[TaskAction, str] = {
    TaskAction.RUN: """Run all tasks of a group now.

    Works in steps of 1,000 failed tasks, and leaves tasks that fail again in the
    meantime. An archived task has all its retries again. Asks for confirmation
    unless you give --yes.

    Examples:
      python -m cmd.admin failures run 3f2a90c41b7e
    """,
    TaskAction.ARCHIVE: """Archive the tasks of a group that wait for a retry.

    Works in steps of 1,000 failed tasks, and leaves tasks that fail again in the
    meantime. Asks for confirmation unless you give --yes.

    Examples:
      python -m cmd.admin failures archive 3f2a90c41b7e --yes
    """,
    TaskAction.DELETE: """Delete all tasks of a group.

    Works in steps of 1,000 failed tasks, and leaves tasks that fail again in the
    meantime. Asks for confirmation unless you give --yes.

    Examples:
      python -m cmd.admin failures delete 3f2a90c41b7e --yes
    """,
}


def command_for(action: TaskAction) -> Callable[..., None]:
    def act_on_group(
        context: typer.Context, fingerprint: Fingerprint, *, yes: Yes = False, as_json: AsJson = False
    ) -> None:
        async def read(tools: Tools) -> tuple[FailureGroup, int]:
            group = await group_of(tools.inspector, fingerprint)
            return group, (await tools.inspector.failures()).total

        group, total = run(context, read)
        confirm(context, group_question(action, group), yes=yes)
        outcome = OUTCOMES[action]
        tally = run(
            context,
            lambda tools: tally_up(
                _results(tools.inspector, action, fingerprint), outcome=outcome, size=total
            ),
        )
        about = {"action": str(action), "fingerprint": fingerprint}
        show_tally(tally, about, outcome=outcome, as_json=as_json)

    return act_on_group


async def _results(
    inspector: TaskInspector, action: TaskAction, fingerprint: str
) -> AsyncIterator[ActionResult]:
    step = await inspector.act_on_failures(action, fingerprint)
    yield step.result
    while step.next is not None:
        step = await inspector.act_on_failures(action, fingerprint, cursor=step.next)
        yield step.result


def group_question(action: TaskAction, group: FailureGroup) -> str:
    number = humanize.count(group.retry if action is TaskAction.ARCHIVE else group.count)
    failure = group.failure
    tasks = f"{failure.task_name} tasks that failed with {failure.error_type}"
    return f"{action.capitalize()} the {tasks}, at least {number}?"
