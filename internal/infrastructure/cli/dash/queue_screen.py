from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from internal.infrastructure import humanize
from internal.infrastructure.cli.arguments.options import State
from internal.infrastructure.cli.commands.task_views import ALL_STATES, CELLS
from internal.infrastructure.cli.dash import task_actions
from internal.infrastructure.cli.dash.live_screen import LiveScreen
from internal.infrastructure.cli.dash.queue_actions import pause_or_resume
from internal.infrastructure.cli.dash.source import Source
from internal.infrastructure.cli.dash.table import Line, Table
from internal.infrastructure.cli.dash.task_screen import TaskScreen
from internal.infrastructure.cli.dash.veil import veiled
from internal.ports.task_inspector import TaskAction, TaskPage
from internal.ports.task_snapshots import QueueInfo, TaskInfo
from internal.ports.tasks import TaskState

SIZE = 30
_TABS: Sequence[State | None] = (None, *State)


@dataclass(frozen=True, slots=True)
class Listed:
    """`state`: of the tasks on the page; None for all states."""

    queue: QueueInfo
    page: TaskPage
    state: State | None


class QueueScreen(LiveScreen[Listed]):
    """The tasks of a queue by state, a page at a time."""

    KEYS = f"{task_actions.KEYS}  P pause  h/l state  n/p page  ? help"
    BINDINGS: ClassVar[list[BindingType]] = [
        *task_actions.BINDINGS,
        Binding("P", "pause", show=False),
        Binding("l,right,tab", "tab(1)", show=False),
        Binding("h,left,shift+tab", "tab(-1)", show=False),
        Binding("n", "next_page", show=False),
        Binding("p", "previous_page", show=False),
    ]

    def __init__(self, source: Source, name: str) -> None:
        super().__init__(source)
        self._queue_name = name
        self._tab = 0
        # The cursors of the pages up to this one; None is that of the first page.
        self._cursors: list[str | None] = [None]

    def heading(self) -> str:
        is_paused = self.seen is not None and self.seen.queue.is_paused
        return f"Queue {self._queue_name}{' (paused)' if is_paused else ''}"

    def body(self) -> ComposeResult:
        yield Line(id="figures")
        yield Line(id="tabs")
        yield Table(id="tasks")
        yield Line(id="page")

    async def ask(self) -> Listed:
        inspector, state = self.source.tools.inspector, _TABS[self._tab]
        queue = await inspector.queue(self._queue_name)
        wanted = TaskState(state) if state else None
        try:
            page = await inspector.tasks(self._queue_name, wanted, size=SIZE, cursor=self._cursors[-1])
        except ValueError:
            # A task that ended the page before may be gone, and the cursor with it.
            self._cursors = [None]
            page = await inspector.tasks(self._queue_name, wanted, size=SIZE)
        return Listed(queue, page, state)

    def fill(self, seen: Listed) -> None:
        self.query_one("#figures", Line).say(_figures(seen.queue))
        self.query_one("#tabs", Line).say(_tabs(seen))
        cells = CELLS[seen.state] if seen.state else ALL_STATES
        now = self.source.tools.clock.now()
        rows = [(task.id, [cell(veiled(task), now) for _, cell in cells]) for task in seen.page.tasks]
        empty = f"There are no {seen.state} tasks." if seen.state else "There are no tasks."
        self.query_one("#tasks", Table).fill([column for column, _ in cells], rows, empty=empty)
        more = "n: next page" if seen.page.next is not None else "the last page"
        self.query_one("#page", Line).say(f"Page {len(self._cursors)}, {more}")

    def on_option_list_option_selected(self) -> None:
        if task := self._chosen():
            self.app.push_screen(TaskScreen(self.source, task.queue, task.id))

    def action_on_task(self, action: str) -> None:
        if task := self._chosen():
            task_actions.act_on_task(self, TaskAction(action), task)

    def action_pause(self) -> None:
        if self.seen:
            pause_or_resume(self, self.seen.queue)

    def action_tab(self, by: int) -> None:
        self._tab = (self._tab + by) % len(_TABS)
        self._cursors = [None]
        self.look_now()

    def action_next_page(self) -> None:
        if self.seen and self.seen.page.next is not None and self.seen.state == _TABS[self._tab]:
            self._cursors.append(self.seen.page.next)
            self.look_now()

    def action_previous_page(self) -> None:
        if len(self._cursors) > 1:
            self._cursors.pop()
            self.look_now()

    def _chosen(self) -> TaskInfo | None:
        chosen = self.query_one("#tasks", Table).chosen
        tasks = self.seen.page.tasks if self.seen else ()
        return next((task for task in tasks if task.id == chosen), None)


def _figures(queue: QueueInfo) -> str:
    rate = humanize.percent(humanize.error_rate(processed=queue.processed, failed=queue.failed))
    done, failed = humanize.count(queue.processed), humanize.count(queue.failed)
    return (
        f"oldest {humanize.duration(queue.latency)}, today {done} done and {failed} failed ({rate}),"
        f" {humanize.memory(queue.memory)}"
    )


def _tabs(seen: Listed) -> str:
    """The states with their numbers. Brackets show which one is listed."""
    sizes = {state: seen.queue.sizes.get(TaskState(state), 0) for state in State}
    names = ["all", *(f"{state} {humanize.count(size)}" if size else state for state, size in sizes.items())]
    return "  ".join(
        f"[{name}]" if state == seen.state else name for state, name in zip(_TABS, names, strict=True)
    )
