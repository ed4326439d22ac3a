"""What `stats --json` prints about the tasks over time."""

from collections.abc import Sequence
from typing import Any

from internal.infrastructure.cli.output.json_output import seconds, time
from internal.infrastructure.humanize import error_rate
from internal.ports.task_statistics import DueMinute, Durations, Figures, TaskStatistics


def statistics(found: TaskStatistics) -> dict[str, Any]:
    return {
        "span": str(found.span),
        "period_seconds": seconds(found.length),
        "total": _figures(found.total),
        "tasks": [{"queue": task.queue, "name": task.name, **_figures(task.figures)} for task in found.tasks],
        "periods": [{"begins": time(period.begins), **_figures(period.figures)} for period in found.periods],
    }


def due(minutes: Sequence[DueMinute]) -> list[dict[str, Any]]:
    return [
        {"begins": time(minute.begins), "scheduled": minute.scheduled, "retry": minute.retry}
        for minute in minutes
    ]


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "succeeded": figures.succeeded,
        "failed": figures.failed,
        "retried": figures.retried,
        "archived": figures.archived,
        "error_rate": error_rate(processed=figures.succeeded, failed=figures.failed),
        "waited": _durations(figures.waited),
        "ran": _durations(figures.ran),
    }


def _durations(durations: Durations | None) -> dict[str, Any] | None:
    if durations is None:
        return None
    return {
        "p50_seconds": seconds(durations.p50),
        "p95_seconds": seconds(durations.p95),
        "longest_seconds": seconds(durations.longest),
    }
