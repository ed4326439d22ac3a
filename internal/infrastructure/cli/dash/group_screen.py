from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from internal.infrastructure import humanize
from internal.infrastructure.cli.commands.failure_views import GROUP_TASKS, UNREADABLE, group_task_row
from internal.infrastructure.cli.dash import group_actions
from internal.infrastructure.cli.dash.lines import fitted, plain
from internal.infrastructure.cli.dash.live_screen import LiveScreen
from internal.infrastructure.cli.dash.source import Source
from internal.infrastructure.cli.dash.table import Line, Table
from internal.infrastructure.cli.dash.task_screen import TaskScreen
from internal.infrastructure.cli.dash.veil import veiled
from internal.infrastructure.monitoring.personal_data import masked_text
from internal.ports.task_failures import FailureGroup
from internal.ports.task_inspector import TaskAction, TaskPage

SIZE = 30


@dataclass(frozen=True, slots=True)
class Group:
    group: FailureGroup
    page: TaskPage


class GroupScreen(LiveScreen[Group]):
    """A group of failed tasks, with its newest tasks. Open one for the traceback."""

    KEYS = f"Enter open  {group_actions.KEYS}  n/p page  Esc back  ? help"
    BINDINGS: ClassVar[list[BindingType]] = [
        *group_actions.BINDINGS,
        Binding("n", "next_page", show=False),
        Binding("p", "previous_page", show=False),
    ]

    def __init__(self, source: Source, fingerprint: str) -> None:
        super().__init__(source)
        self._fingerprint = fingerprint
        # The cursors of the pages up to this one; None is that of the first page.
        self._cursors: list[str | None] = [None]

    def heading(self) -> str:
        return f"Failures {self._fingerprint}"

    def body(self) -> ComposeResult:
        yield Line(id="figures")
        yield Table(id="tasks")
        yield Line(id="page")

    async def ask(self) -> Group:
        inspector = self.source.tools.inspector
        group = await inspector.failure(self._fingerprint)
        page = await inspector.failed_tasks(self._fingerprint, size=SIZE, cursor=self._cursors[-1])
        return Group(group, page)

    def fill(self, seen: Group) -> None:
        now, width = self.source.tools.clock.now(), self.app.size.width - 2
        self.query_one("#figures", Line).say(
            "\n".join(fitted(line, width) for line in self._facts(seen.group))
        )
        rows = [(f"{task.queue} {task.id}", group_task_row(veiled(task), now)) for task in seen.page.tasks]
        self.query_one("#tasks", Table).fill(GROUP_TASKS, rows, empty="No tasks on this page.")
        more = "n: next page" if seen.page.next is not None else "the last page"
        self.query_one("#page", Line).say(f"Page {len(self._cursors)}, {more}")

    def on_option_list_option_selected(self) -> None:
        chosen = self.query_one("#tasks", Table).chosen
        for task in self.seen.page.tasks if self.seen else ():
            if f"{task.queue} {task.id}" == chosen:
                self.app.push_screen(TaskScreen(self.source, task.queue, task.id))

    def action_on_group(self, action: str) -> None:
        if self.seen:
            group_actions.act_on_group(self, TaskAction(action), self.seen.group)

    def action_next_page(self) -> None:
        if self.seen and self.seen.page.next is not None:
            self._cursors.append(self.seen.page.next)
            self.look_now()

    def action_previous_page(self) -> None:
        if len(self._cursors) > 1:
            self._cursors.pop()
            self.look_now()

    def _facts(self, group: FailureGroup) -> Sequence[str]:
        now = self.source.tools.clock.now()
        first, last = (humanize.relative_time(at, now=now) for at in (group.first_seen, group.last_seen))
        tasks = f"{humanize.count(group.retry)} in retry, {humanize.count(group.archived)} archived"
        return [
            f"{plain(group.failure.task_name or UNREADABLE)} failed with {plain(group.failure.error_type)}",
            plain(group.failure.frame or humanize.NOTHING),
            f"{tasks}, first {first}, last {last}",
            *([f"latest: {plain(masked_text(group.error))}"] if group.error else []),
        ]
