from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from internal.infrastructure import humanize
from internal.infrastructure.cli.commands.failure_views import GROUPS, group_row
from internal.infrastructure.cli.dash import group_actions
from internal.infrastructure.cli.dash.group_screen import GroupScreen
from internal.infrastructure.cli.dash.live_screen import LiveScreen
from internal.infrastructure.cli.dash.table import Line, Table
from internal.ports.task_failures import FailureGroup, FailureGroups
from internal.ports.task_inspector import TaskAction


class FailuresScreen(LiveScreen[FailureGroups]):
    """The failed tasks in groups, the largest first."""

    KEYS = f"Enter open  {group_actions.KEYS}  Esc back  ? help"
    BINDINGS: ClassVar[list[BindingType]] = [
        *group_actions.BINDINGS,
        Binding("l,right", "open", show=False),
    ]

    def heading(self) -> str:
        return "Failures"

    def body(self) -> ComposeResult:
        yield Table(id="groups")
        yield Line(id="page")

    async def ask(self) -> FailureGroups:
        return await self.source.tools.inspector.failures()

    def fill(self, seen: FailureGroups) -> None:
        now = self.source.tools.clock.now()
        # The group's own screen has its fingerprint.
        rows = [(group.failure.fingerprint, group_row(group, now)[1:]) for group in seen.groups]
        self.query_one("#groups", Table).fill(GROUPS[1:], rows, empty="No task has failed.")
        self.query_one("#page", Line).say(_window(seen))

    def on_option_list_option_selected(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if group := self._chosen():
            self.app.push_screen(GroupScreen(self.source, group.failure.fingerprint))

    def action_on_group(self, action: str) -> None:
        if group := self._chosen():
            group_actions.act_on_group(self, TaskAction(action), group)

    def _chosen(self) -> FailureGroup | None:
        chosen = self.query_one("#groups", Table).chosen
        groups = self.seen.groups if self.seen else ()
        return next((group for group in groups if group.failure.fingerprint == chosen), None)


def _window(seen: FailureGroups) -> str:
    if seen.looked_at < seen.total:
        looked_at, tasks = humanize.count(seen.looked_at), humanize.counted(seen.total, "task")
        return f"Groups the newest {looked_at} of {tasks} in retry and archived."
    return f"{humanize.counted(seen.total, 'task')} in retry and archived."
