"""`task run-all`, `archive-all`, `delete-all` and `cancel-all`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.confirmation import confirm
from internal.infrastructure.cli.arguments.options import (
    AsJson,
    InQueue,
    InState,
    State,
    Yes,
)
from internal.infrastructure.cli.arguments.task_filter_options import (
    ErrorHas,
    FilterOptions,
    Name,
    PayloadHas,
    Since,
    Until,
)
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.commands.bulk import Tally, all_if_many, show_tally, tally_up
from internal.infrastructure.cli.commands.task_actions import OUTCOMES
from internal.infrastructure.cli.output.failures import on_queue
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.task_inspector import APPLIES_TO, TaskAction
from internal.ports.tasks import TaskState

HELP: Mapping[TaskAction, str] = {
    TaskAction.RUN: """Run all scheduled, retry or archived tasks now.

    Works in batches. Without filters, all tasks of the queue and the state.
    Asks for confirmation unless you give --yes.

    Examples:
      python -m cmd.admin task run-all -q default -s archived --error "timeout"
      python -m cmd.admin task run-all -q default -s archived --since 1h
    """,
    TaskAction.ARCHIVE: """Archive all pending, scheduled or retry tasks.

    Works in batches. Without filters, all tasks of the queue and the state.
    Asks for confirmation unless you give --yes.

    Examples:
      python -m cmd.admin task archive-all -q low -s retry --name email:welcome
    """,
    TaskAction.DELETE: """Delete all tasks in any state but active.

    Works in batches. Without filters, all tasks of the queue and the state.
    Asks for confirmation unless you give --yes.

    Examples:
      python -m cmd.admin task delete-all -q default -s archived --yes
    """,
    TaskAction.CANCEL: """Cancel all running tasks.

    Works in batches. Without filters, all tasks of the queue and the state.
    Asks for confirmation unless you give --yes.

    Examples:
      python -m cmd.admin task cancel-all -q low -s active --name email:welcome
    """,
}


def command_for(action: TaskAction) -> Callable[..., None]:
    def act_on_all(
        context: typer.Context,
        *,
        queue: InQueue,
        state: InState,
        name: Name = None,
        payload: PayloadHas = None,
        error: ErrorHas = None,
        since: Since = None,
        until: Until = None,
        yes: Yes = False,
        as_json: AsJson = False,
    ) -> None:
        _require_applicable(action, state)
        given = FilterOptions(name=name, payload=payload, error=error, since=since, until=until)
        bulk = _Bulk(action, queue, state, given)
        size = run(context, bulk.size)
        confirm(context, bulk.question(size), yes=yes)
        bulk.show(run(context, lambda tools: bulk.act(tools, size)), as_json=as_json)

    return act_on_all


def _require_applicable(action: TaskAction, state: State) -> None:
    applicable = [other for other in State if TaskState(other) in APPLIES_TO[action]]
    if state not in applicable:
        text = f"{action} works on {' or '.join(applicable)} tasks, not on {state} tasks."
        raise typer.BadParameter(text, param_hint="'--state'")


@dataclass(frozen=True, slots=True)
class _Bulk:
    action: TaskAction
    queue: str
    state: State
    given: FilterOptions

    async def size(self, tools: Tools) -> int:
        """The number of tasks in the state. Counting the matching ones would mean reading all of them."""
        queue = await on_queue(tools.inspector, self.queue, tools.inspector.queue(self.queue))
        return queue.sizes.get(TaskState(self.state), 0)

    def question(self, size: int) -> str:
        which = all_if_many(size) if self.given.is_empty else "the matching ones of "
        tasks = humanize.counted(size, f"{self.state} task")
        return f"{self.action.capitalize()} {which}{tasks} of {self.queue}?"

    async def act(self, tools: Tools, size: int) -> Tally:
        only = self.given.at(tools.clock.now())
        batches = tools.inspector.act_on_all(self.action, self.queue, TaskState(self.state), only=only)
        return await tally_up(batches, outcome=OUTCOMES[self.action], size=size)

    def show(self, tally: Tally, *, as_json: bool) -> None:
        about = {"action": self.action, "queue": self.queue, "state": self.state}
        show_tally(tally, about, outcome=OUTCOMES[self.action], as_json=as_json)
