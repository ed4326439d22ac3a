"""The figures of each task name, as a table."""

from collections.abc import Sequence

from internal.infrastructure import humanize
from internal.infrastructure.cli.output.console import print_line, show_table
from internal.infrastructure.cli.output.table_layout import Column
from internal.ports.task_statistics import Durations, TaskFigures, TaskStatistics

FIGURES = (
    Column("TASK", is_text=True),
    Column("QUEUE"),
    Column("DONE", is_number=True),
    Column("FAILED", is_number=True),
    Column("ERRORS", is_number=True),
    Column("WAIT P50", is_number=True, is_optional=True),
    Column("WAIT P95", is_number=True),
    Column("RUN P50", is_number=True, is_optional=True),
    Column("RUN P95", is_number=True),
    Column("RUN MAX", is_number=True, is_optional=True),
)


def show_task_figures(statistics: TaskStatistics) -> None:
    print_line(f"Tasks in the last {statistics.span}:")
    show_table(
        FIGURES,
        [figures_row(task) for task in statistics.tasks],
        empty="No task has ended.",
    )


def figures_row(task: TaskFigures) -> Sequence[str]:
    figures = task.figures
    rate = humanize.error_rate(processed=figures.succeeded, failed=figures.failed)
    wait_p50, wait_p95, _ = _durations(figures.waited)
    return (
        task.name,
        task.queue,
        humanize.count(figures.succeeded),
        humanize.count(figures.failed),
        humanize.percent(rate),
        wait_p50,
        wait_p95,
        *_durations(figures.ran),
    )


def _durations(durations: Durations | None) -> tuple[str, str, str]:
    if durations is None:
        return (humanize.NOTHING,) * 3
    return (
        humanize.precise_duration(durations.p50),
        humanize.precise_duration(durations.p95),
        humanize.precise_duration(durations.longest),
    )
