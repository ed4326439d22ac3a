"""`outbox redrive` and `discard`, for listed rows or all rows in a state."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import typer

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.confirmation import confirm
from internal.infrastructure.cli.arguments.options import AsJson, Ids, Yes
from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.commands.bulk import Tally, all_if_many, show_result, show_tally, tally_up
from internal.infrastructure.cli.run_with_tools import run
from internal.ports.outbox_inspector import APPLIES_TO, OutboxAction, OutboxState
from internal.ports.task_inspector import ActionResult

MAX_IDS = 500
_OUTCOMES: Mapping[OutboxAction, str] = {OutboxAction.REDRIVE: "forwarded", OutboxAction.DISCARD: "given up"}
_HELP: Mapping[OutboxAction, str] = {
    OutboxAction.REDRIVE: """Enqueue waiting, forwarded or given-up rows to Redis now.

    A task that Redis has is not enqueued twice. A given-up task starts again
    with all its retries; an email that was sent is not sent again.

    Examples:
      python -m cmd.admin outbox redrive ID
    """,
    OutboxAction.DISCARD: """Discard waiting or forwarded rows without running their tasks.

    The rows become given-up, and their tasks are deleted from Redis. A running
    task is kept: use `task cancel`.

    Examples:
      python -m cmd.admin outbox discard ID
    """,
}
_HELP_ALL: Mapping[OutboxAction, str] = {
    OutboxAction.REDRIVE: """Enqueue all waiting, forwarded or given-up rows to Redis now.

    In batches, oldest first. Asks for confirmation unless you give --yes.

    Examples:
      python -m cmd.admin outbox redrive-all -s waiting
      python -m cmd.admin outbox redrive-all -s given-up --yes
    """,
    OutboxAction.DISCARD: """Discard all waiting or forwarded rows without running their tasks.

    In batches, oldest first. Asks for confirmation unless you give --yes.

    Examples:
      python -m cmd.admin outbox discard-all -s waiting
    """,
}


def add_actions(app: typer.Typer) -> None:
    for action in OutboxAction:
        app.command(action.value, help=_HELP[action])(_command_for(action))
        app.command(f"{action}-all", help=_HELP_ALL[action])(_command_for_all(action))


def _command_for(action: OutboxAction) -> Callable[..., None]:
    def act(context: typer.Context, ids: Ids, *, as_json: AsJson = False) -> None:
        result = run(context, lambda tools: _act(tools, action, ids))
        show_result(result, {"action": action}, outcome=_OUTCOMES[action], as_json=as_json)

    return act


async def _act(tools: Tools, action: OutboxAction, ids: Sequence[str]) -> ActionResult:
    results = [
        await tools.outbox.act(action, ids[first : first + MAX_IDS]) for first in range(0, len(ids), MAX_IDS)
    ]
    return ActionResult(
        done=[task_id for result in results for task_id in result.done],
        refused={task_id: why for result in results for task_id, why in result.refused.items()},
    )


def _command_for_all(action: OutboxAction) -> Callable[..., None]:
    def act_on_all(
        context: typer.Context,
        *,
        state: Annotated[OutboxState, typer.Option("--state", "-s", help="State of the rows.")],
        yes: Yes = False,
        as_json: AsJson = False,
    ) -> None:
        _require_applicable(action, state)
        size = run(context, lambda tools: _size(tools, state))
        confirm(
            context,
            f"{action.capitalize()} {all_if_many(size)}{humanize.counted(size, f'{state} row')}?",
            yes=yes,
        )

        async def act(tools: Tools) -> Tally:
            batches = tools.outbox.act_on_all(action, state)
            return await tally_up(batches, outcome=_OUTCOMES[action], size=size)

        about = {"action": action, "state": state}
        show_tally(run(context, act), about, outcome=_OUTCOMES[action], as_json=as_json)

    return act_on_all


def _require_applicable(action: OutboxAction, state: OutboxState) -> None:
    applicable = [other for other in OutboxState if other in APPLIES_TO[action]]
    if state not in applicable:
        text = f"{action} works on {' or '.join(applicable)} rows, not on {state} rows."
        raise typer.BadParameter(text, param_hint="'--state'")


async def _size(tools: Tools, state: OutboxState) -> int:
    stats = await tools.outbox.stats()
    sizes = {
        OutboxState.WAITING: stats.waiting,
        OutboxState.FORWARDED: stats.forwarded,
        OutboxState.GIVEN_UP: stats.given_up,
    }
    return sizes[state]
