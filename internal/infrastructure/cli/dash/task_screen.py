from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.cells import chop_cells
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from internal.domain.security_event import EventName
from internal.infrastructure.cli.commands.task_views import task_fields
from internal.infrastructure.cli.dash import task_actions
from internal.infrastructure.cli.dash.live_screen import LiveScreen
from internal.infrastructure.cli.dash.source import Source
from internal.infrastructure.cli.dash.table import MARGINS, Line
from internal.infrastructure.cli.dash.veil import veiled
from internal.infrastructure.escape import cut, escape
from internal.infrastructure.monitoring.json_view import pieces_of
from internal.ports.task_inspector import TaskAction
from internal.ports.task_snapshots import TaskInfo

LONGEST_VALUE = 20_000
_INDENT = 13
# Fields that are JSON have their own lines.
_CONTENT = {"payload", "result", "headers"}


class TaskScreen(LiveScreen[TaskInfo]):
    """Everything about one task. Personal data is masked until it is revealed, which is recorded."""

    KEYS = f"{task_actions.KEYS}  v reveal  j/k scroll  Esc back  ? help"
    BINDINGS: ClassVar[list[BindingType]] = [
        *task_actions.BINDINGS,
        Binding("v", "reveal", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, source: Source, queue: str, task_id: str) -> None:
        super().__init__(source)
        self._queue = queue
        self._task_id = task_id
        self._is_revealed = False

    def heading(self) -> str:
        return f"Task {self._task_id}"

    def body(self) -> ComposeResult:
        with VerticalScroll(id="scroll"):
            yield Line(id="fields")

    async def ask(self) -> TaskInfo:
        return await self.source.tools.inspector.task(self._queue, self._task_id)

    def fill(self, seen: TaskInfo) -> None:
        shown = seen if self._is_revealed else veiled(seen)
        now = self.source.tools.clock.now()
        fields = [field for field in task_fields(shown, now) if field[0] not in _CONTENT]
        fields += [(name, _json(value)) for name, value in _content(shown) if value is not None]
        width = self.app.size.width - MARGINS - _INDENT
        lines = [line for name, value in fields for line in _lines(name, value, width)]
        self.query_one("#fields", Line).say("\n".join(lines))

    def action_on_task(self, action: str) -> None:
        if self.seen:
            task_actions.act_on_task(self, TaskAction(action), self.seen)

    def action_reveal(self) -> None:
        async def reveal() -> str:
            audit = self.source.tools.audit
            async with audit.action_on([self._task_id], EventName.TASKS_REVEAL_PAYLOAD, queue=self._queue):
                self._is_revealed = True
            return "Personal data is shown until you leave this screen. The audit says who revealed it."

        if not self._is_revealed:
            self.act(f"Reveal the personal data of the task {self._task_id}?", reveal)

    def action_scroll(self, lines: int) -> None:
        self.query_one("#scroll", VerticalScroll).scroll_relative(y=lines, animate=False)


def _content(task: TaskInfo) -> Sequence[tuple[str, object]]:
    return [("payload", task.payload), ("result", task.result), ("headers", dict(task.headers) or None)]


def _json(value: object) -> str:
    return "".join(piece.text for piece in pieces_of(value))


def _lines(name: str, value: str, width: int) -> Iterator[str]:
    """Further lines of a value are indented to its first one."""
    text = escape(cut(value, LONGEST_VALUE), keep_lines=True)
    pieces = [piece for line in text.split("\n") for piece in chop_cells(line, width) or [""]]
    for number, piece in enumerate(pieces):
        yield f"{'' if number else name:<{_INDENT}}{piece}"
