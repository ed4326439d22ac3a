"""Actions on one task, by the keys that the lists and the task's own screen share."""

from typing import Any

from textual.binding import Binding, BindingType

from internal.infrastructure.cli.dash.lines import fitted, plain
from internal.infrastructure.cli.dash.live_screen import LiveScreen
from internal.infrastructure.monitoring.outcome import Outcome
from internal.ports.task_inspector import APPLIES_TO, TaskAction
from internal.ports.task_snapshots import TaskInfo

# Columns of a name or an id in a question.
MOST_OF_A_TEXT = 60

KEYS = "r run  a archive  d delete  c cancel"
BINDINGS: list[BindingType] = [
    Binding(key, f"on_task('{action}')", show=False)
    for key, action in (
        ("r", TaskAction.RUN),
        ("a", TaskAction.ARCHIVE),
        ("d", TaskAction.DELETE),
        ("c", TaskAction.CANCEL),
    )
]


def act_on_task(screen: LiveScreen[Any], action: TaskAction, task: TaskInfo) -> None:
    """Ask, then act. The action may not apply to the state of the task."""
    if task.state not in APPLIES_TO[action]:
        states = " or ".join(sorted(APPLIES_TO[action]))
        screen.note(f"{action} works on {states} tasks, and this one is {task.state}.")
        return

    async def act() -> str:
        result = await screen.source.tools.inspector.act(action, task.queue, [task.id])
        if why := result.refused.get(task.id):
            return f"Not done: {why}"
        return f"{Outcome(action).plus(result).summary}: {task.id}"

    name, task_id = (fitted(plain(text), MOST_OF_A_TEXT) for text in (task.name or "(unreadable)", task.id))
    screen.act(f"{action.capitalize()} the task {name} {task_id}?", act)
