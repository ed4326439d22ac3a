"""Hides personal data in what a screen shows of a task, as the pages do."""

from collections.abc import Sequence
from dataclasses import replace

from internal.infrastructure import humanize
from internal.infrastructure.monitoring.personal_data import masked, masked_text
from internal.ports.task_snapshots import TaskInfo

# Lines of a traceback, from its end.
MOST_LINES = 200


def veiled(task: TaskInfo) -> TaskInfo:
    headers = masked({**task.headers})
    return replace(
        task,
        payload=masked(task.payload),
        raw=None if task.raw is None else f"hidden, {humanize.memory(len(task.raw))}".encode(),
        result=masked(task.result),
        headers=headers if isinstance(headers, dict) else {},
        last_error=None if task.last_error is None else masked_text(task.last_error),
        traceback=None if task.traceback is None else "\n".join(_lines(task.traceback)),
        history=[replace(attempt, error=masked_text(attempt.error)) for attempt in task.history],
    )


def _lines(text: str) -> Sequence[str]:
    return [masked_text(line) for line in text.splitlines()[-MOST_LINES:]]
