import json

from internal.infrastructure.taskqueue.inspection.cursors import from_cursor, to_cursor
from internal.infrastructure.taskqueue.inspection.task_scanner import TaskScanner
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.ports.task_inspector import TaskFilter, TaskPage
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import TaskState

LOOKED_AT = 1000  # tasks, for one page
AT_ONCE = 250  # tasks that one call reads: Redis does nothing else meanwhile


async def read_page(
    listing: TaskScanner,
    queue: str,
    state: TaskState,
    *,
    newest_first: bool,
    size: int,
    cursor: str | None,
    only: TaskFilter | None,
) -> TaskPage:
    """Raise QueueNotFound, ValueError or Unavailable."""
    if not 1 <= size <= MOST_AT_ONCE:
        raise ValueError(f"size must be within 1 to {MOST_AT_ONCE}")
    after = from_cursor(cursor) if cursor is not None else None
    step = size if only is None or only.is_empty else AT_ONCE
    tasks: list[TaskInfo] = []
    looked_at = 0
    while True:
        count = min(step, LOOKED_AT - looked_at)
        listed = await listing.read(queue, state, newest_first=newest_first, after=after, count=count)
        for position, task in listed.tasks:
            looked_at += 1
            if matches(task, only):
                tasks.append(task)
            if len(tasks) == size:
                is_last = position == listed.last and not listed.has_more
                return TaskPage(tasks=tasks, next=None if is_last else to_cursor(position))
        after = listed.last
        if after is None or not listed.has_more:
            return TaskPage(tasks=tasks, next=None)
        if looked_at >= LOOKED_AT:
            return TaskPage(tasks=tasks, next=to_cursor(after))


def matches(task: TaskInfo, only: TaskFilter | None) -> bool:
    return only is None or (
        (not only.name or task.name == only.name)
        and _contains(_text(task.payload), only.payload)
        and _contains(task.last_error or "", only.error)
    )


def _contains(text: str, part: str | None) -> bool:
    return not part or part.lower() in text.lower()


def _text(payload: object) -> str:
    return json.dumps(payload, ensure_ascii=False)
