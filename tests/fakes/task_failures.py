"""How the FakeTaskInspector groups failed tasks, which it gets the oldest failure first."""

from collections.abc import Sequence

from internal.ports.task_failures import FailureGroup
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import TaskState


def group_failures(failed: Sequence[TaskInfo]) -> Sequence[FailureGroup]:
    fingerprints = {task.failure.fingerprint for task in failed if task.failure}
    groups = [_group(tasks_of(fingerprint, failed)) for fingerprint in fingerprints]
    return sorted(groups, key=lambda group: (-group.count, group.failure.fingerprint))


def tasks_of(fingerprint: str, failed: Sequence[TaskInfo]) -> Sequence[TaskInfo]:
    return [task for task in failed if task.failure and task.failure.fingerprint == fingerprint]


def number_in(cursor: str | None) -> int:
    if cursor is not None and not cursor.isdigit():
        raise ValueError(f"{cursor!r} is not a valid cursor")
    return int(cursor or 0)


def _group(tasks: Sequence[TaskInfo]) -> FailureGroup:
    last = tasks[-1]
    assert last.failure
    archived = sum(task.state is TaskState.ARCHIVED for task in tasks)
    return FailureGroup(
        failure=last.failure,
        retry=len(tasks) - archived,
        archived=archived,
        times=[task.last_failed_at for task in tasks if task.last_failed_at],
        queue=last.queue,
        task_id=last.id,
        error=last.last_error,
    )
