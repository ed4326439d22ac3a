"""Actions on a group of failed tasks, in steps."""

from typing import Any

from textual.binding import Binding, BindingType

from internal.infrastructure.cli.commands.failure_actions import group_question
from internal.infrastructure.cli.dash.live_screen import LiveScreen
from internal.infrastructure.monitoring.outcome import Outcome
from internal.ports.task_failures import FailureGroup
from internal.ports.task_inspector import TaskAction

KEYS = "r run  a archive  d delete the group"
BINDINGS: list[BindingType] = [
    Binding(key, f"on_group('{action}')", show=False)
    for key, action in (("r", TaskAction.RUN), ("a", TaskAction.ARCHIVE), ("d", TaskAction.DELETE))
]


def act_on_group(screen: LiveScreen[Any], action: TaskAction, group: FailureGroup) -> None:
    """Ask, then act on all tasks of the group, and show how far it is."""
    inspector, fingerprint = screen.source.tools.inspector, group.failure.fingerprint

    async def act() -> str:
        step = await inspector.act_on_failures(action, fingerprint)
        outcome = Outcome(action).plus(step.result)
        while step.next is not None:
            screen.note(f"{outcome.summary} so far ...")
            step = await inspector.act_on_failures(action, fingerprint, cursor=step.next)
            outcome = outcome.plus(step.result)
        return f"{outcome.summary}."

    screen.act(group_question(action, group), act)
