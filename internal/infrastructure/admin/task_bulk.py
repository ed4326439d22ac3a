"""`task run-all`, `archive-all`, `delete-all`, `cancel-all`: for all of a state, or those that match."""

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import typer

from internal.infrastructure.admin import words
from internal.infrastructure.admin.confirmation import confirm
from internal.infrastructure.admin.failures import FAILED, on_queue
from internal.infrastructure.admin.installation import Tools
from internal.infrastructure.admin.options import (
    AsJson,
    ErrorHas,
    InQueue,
    InState,
    Name,
    PayloadHas,
    State,
    Yes,
    filter_of,
)
from internal.infrastructure.admin.screen import say, show_json, tell
from internal.infrastructure.admin.session import run
from internal.infrastructure.admin.task_actions import DONE
from internal.ports.task_inspector import APPLIES_TO, ActionResult, TaskAction, TaskFilter
from internal.ports.tasks import TaskState

REPORT_EVERY = 10_000  # tasks, where nobody watches
HELP: Mapping[TaskAction, str] = {
    TaskAction.RUN: """Run all scheduled, retry or archived tasks now.

    Those of a queue that match, or else all of them, in batches.
    Asks before, unless told --yes.

    Examples:
      python -m cmd.admin task run-all -q default -s archived --error "timeout"
    """,
    TaskAction.ARCHIVE: """Archive all pending, scheduled or retry tasks.

    Those of a queue that match, or else all of them, in batches.
    Asks before, unless told --yes.

    Examples:
      python -m cmd.admin task archive-all -q low -s retry --name email:welcome
    """,
    TaskAction.DELETE: """Delete all tasks of any state but active.

    Those of a queue that match, or else all of them, in batches.
    Asks before, unless told --yes.

    Examples:
      python -m cmd.admin task delete-all -q default -s archived --yes
    """,
    TaskAction.CANCEL: """Cancel all tasks that are running.

    Those of a queue that match, or else all of them, in batches.
    Asks before, unless told --yes.

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
        yes: Yes = False,
        as_json: AsJson = False,
    ) -> None:
        _require_fitting(action, state)
        bulk = _Bulk(action, queue, state, filter_of(name, payload, error))
        size = run(context, bulk.size)
        confirm(context, bulk.question(size), yes=yes)
        bulk.show(run(context, lambda tools: bulk.act(tools, size)), as_json=as_json)

    return act_on_all


def _require_fitting(action: TaskAction, state: State) -> None:
    fitting = [other for other in State if TaskState(other) in APPLIES_TO[action]]
    if state not in fitting:
        text = f"{action} is for tasks that are {' or '.join(fitting)}, not {state}."
        raise typer.BadParameter(text, param_hint="'--state'")


@dataclass
class _Tally:
    """What was done so far; `reasons` counts those that were refused for each."""

    done: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, result: ActionResult) -> None:
        self.done += len(result.done)
        self.reasons.update(result.refused.values())

    @property
    def refused(self) -> int:
        return self.reasons.total()

    @property
    def seen(self) -> int:
        return self.done + self.refused


@dataclass(frozen=True, slots=True)
class _Bulk:
    action: TaskAction
    queue: str
    state: State
    only: TaskFilter | None

    async def size(self, tools: Tools) -> int:
        """How many are in the state; how many of them match is not known before they were looked at."""
        queue = await on_queue(tools.inspector, self.queue, tools.inspector.queue(self.queue))
        return queue.sizes.get(TaskState(self.state), 0)

    def question(self, size: int) -> str:
        number = words.count(size)
        which = f"all {number}" if self.only is None else f"those that match of the {number}"
        return f"{self.action.capitalize()} {which} {self.state} tasks of {self.queue}?"

    async def act(self, tools: Tools, size: int) -> _Tally:
        tally = _Tally()
        batches = tools.inspector.act_on_all(self.action, self.queue, TaskState(self.state), only=self.only)
        try:
            async for result in batches:
                before = tally.seen
                tally.add(result)
                _report(tally.seen, before=before, size=size)
        except BaseException:
            if tally.seen:
                tell(f"broken off when {words.count(tally.done)} were {DONE[self.action]}")
            raise
        return tally

    def show(self, tally: _Tally, *, as_json: bool) -> None:
        if as_json:
            facts = {"done": tally.done, "refused": tally.refused, "reasons": dict(tally.reasons)}
            show_json({"action": self.action, "queue": self.queue, "state": self.state, **facts})
        else:
            say(f"{words.count(tally.done)} {DONE[self.action]}")
        for why, number in tally.reasons.items():
            tell(f"{words.count(number)} refused: {why}")
        if tally.refused:
            raise typer.Exit(FAILED)


def _report(seen: int, *, before: int, size: int) -> None:
    """After every batch where somebody watches, elsewhere now and then."""
    if sys.stderr.isatty() or seen // REPORT_EVERY > before // REPORT_EVERY:
        tell(f"{words.count(seen)}, of {words.count(size)} at most")
