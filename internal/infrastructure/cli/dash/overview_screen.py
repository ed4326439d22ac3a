from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from internal.infrastructure import humanize
from internal.infrastructure.cli.commands.task_figures import FIGURES, figures_row
from internal.infrastructure.cli.dash.figures import figure_lines
from internal.infrastructure.cli.dash.lines import fitted, plain, table_lines
from internal.infrastructure.cli.dash.live_screen import LiveScreen
from internal.infrastructure.cli.dash.queue_actions import pause_or_resume
from internal.infrastructure.cli.dash.queue_screen import QueueScreen
from internal.infrastructure.cli.dash.table import Line, Table
from internal.infrastructure.cli.output.table_layout import Column
from internal.infrastructure.monitoring.health import Problem, problems_of
from internal.infrastructure.monitoring.snapshot import Snapshot
from internal.ports.task_snapshots import QueueInfo
from internal.ports.task_statistics import DueMinute, Span, TaskStatistics
from internal.ports.tasks import TaskState
from internal.ports.unavailable import Unavailable

MOST_PROBLEMS = 5
MOST_NAMES = 30
# Columns of a queue with its mark, so that a narrow terminal has room for its numbers.
SHORT_NAME, LONG_NAME, WIDE = 18, 40, 110

_QUEUES = (
    Column("QUEUE"),
    Column("PENDING", is_number=True),
    Column("ACTIVE", is_number=True),
    Column("SCHED", is_number=True),
    Column("RETRY", is_number=True),
    Column("ARCHIVED", is_number=True),
    Column("OLDEST", is_number=True),
    Column("DONE/S", is_number=True, is_optional=True),
    Column("ERRORS", is_number=True),
    Column("COMPLETED", is_number=True, is_optional=True),
    Column("MEMORY", is_number=True, is_optional=True),
)
_STATES = (TaskState.PENDING, TaskState.ACTIVE, TaskState.SCHEDULED, TaskState.RETRY, TaskState.ARCHIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    snapshot: Snapshot
    statistics: TaskStatistics
    due: Sequence[DueMinute]


class OverviewScreen(LiveScreen[Overview]):
    """Is it healthy? The problems, the last hour, the queues and the tasks by name."""

    KEYS = "Enter open  P pause/resume  f failures  w workers  ? help  q quit"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "app.quit", show=False),
        Binding("escape", "stay", show=False),
        Binding("P", "pause", show=False),
        Binding("l,right", "open", show=False),
    ]
    problems: Sequence[Problem] = ()

    def heading(self) -> str:
        return "Overview"

    def body(self) -> ComposeResult:
        yield Line(id="problems")
        yield Line(id="figures")
        yield Table(id="queues")
        yield Line(id="names-titles")
        yield Line(id="names")

    async def ask(self) -> Overview:
        snapshot, inspector = await self.source.snapshot(), self.source.tools.inspector
        if snapshot.queues is None:
            self.problems = problems_of(snapshot, self.seen.statistics if self.seen else None)
            raise Unavailable("Redis cannot be reached")
        statistics, due = await inspector.statistics(Span.HOUR), await inspector.due()
        self.problems = problems_of(snapshot, statistics)
        return Overview(snapshot=snapshot, statistics=statistics, due=due)

    def fill(self, seen: Overview) -> None:
        width = self.app.size.width - 2
        self.query_one("#problems", Line).say(_sentences(self.problems, width))
        lines = figure_lines(seen.snapshot, seen.statistics, seen.due, width=width)
        self.query_one("#figures", Line).say("\n".join(lines))
        self.query_one("#queues", Table).fill(
            _QUEUES,
            [(queue.name, self._row(queue)) for queue in seen.snapshot.queues or ()],
            empty="There are no queues: nothing was published yet.",
        )
        titles, names = _names(seen.statistics, width)
        self.query_one("#names-titles", Line).say(titles)
        self.query_one("#names", Line).say("\n".join(names))

    def on_option_list_option_selected(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if name := self.query_one("#queues", Table).chosen:
            self.app.push_screen(QueueScreen(self.source, name))

    def action_pause(self) -> None:
        name = self.query_one("#queues", Table).chosen
        queues = self.seen.snapshot.queues if self.seen else None
        for queue in queues or ():
            if queue.name == name:
                pause_or_resume(self, queue)

    def action_stay(self) -> None:
        """The last screen. Only `q` leaves it."""

    def _row(self, queue: QueueInfo) -> Sequence[str]:
        rate = self.source.rates.of(queue.name)
        room = LONG_NAME if self.app.size.width >= WIDE else SHORT_NAME
        mark = " (paused)" if queue.is_paused else ""
        return (
            f"{fitted(plain(queue.name), room - len(mark))}{mark}",
            *(humanize.count(queue.sizes.get(state, 0)) for state in _STATES),
            humanize.duration(queue.latency),
            humanize.NOTHING if rate is None else f"{rate:,.1f}",
            humanize.percent(humanize.error_rate(processed=queue.processed, failed=queue.failed)),
            humanize.count(queue.sizes.get(TaskState.COMPLETED, 0)),
            humanize.memory(queue.memory),
        )


def _sentences(problems: Sequence[Problem], width: int) -> Text:
    if not problems:
        return Text("Healthy: no problems.", style="bold")
    lines = [
        Text(
            fitted(f"! {plain(problem.subject)} {plain(problem.text)}", width),
            style="bold" if problem.is_minor else "bold red",
        )
        for problem in problems
    ]
    if len(lines) > MOST_PROBLEMS:
        rest = len(lines) - MOST_PROBLEMS + 1
        lines[MOST_PROBLEMS - 1 :] = [Text(f"! {humanize.counted(rest, 'more problem')}.", style="bold")]
    return Text("\n").join(lines)


def _names(statistics: TaskStatistics, width: int) -> tuple[str, Sequence[str]]:
    """The titles, and the names with the most failures first: the screen may have no room for all."""
    tasks = sorted(statistics.tasks, key=lambda task: (-task.figures.failed, -task.figures.succeeded))
    if not tasks:
        return "No task has ended in the last hour.", []
    return table_lines(FIGURES, [figures_row(task) for task in tasks[:MOST_NAMES]], width=width)
