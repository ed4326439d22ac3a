import json
from collections.abc import Sequence

from internal.infrastructure.taskqueue.inspection.cursors import Position, from_cursor, to_cursor
from internal.infrastructure.taskqueue.inspection.task_decoding import SETS
from internal.infrastructure.taskqueue.inspection.task_scanner import Listed, TaskScanner
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.ports.task_inspector import TaskFilter, TaskPage
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import TaskState

LOOKED_AT = 1000  # tasks, for one page
AT_ONCE = 250  # tasks that one call reads: Redis does nothing else meanwhile
# In a cursor of all states, between the state and the position. It is not in a position.
_AFTER_STATE = "."


async def read_page(
    scanner: TaskScanner,
    queue: str,
    state: TaskState | None,
    *,
    newest_first: bool,
    size: int,
    cursor: str | None,
    only: TaskFilter | None,
) -> TaskPage:
    """Read one state, or all of them one after the other. Raise QueueNotFound, ValueError or Unavailable."""
    if not 1 <= size <= MOST_AT_ONCE:
        raise ValueError(f"size must be within 1 to {MOST_AT_ONCE}")
    states, after = _left(state, cursor, newest_first=newest_first)
    page = _Page(scanner, queue, newest_first=newest_first, size=size, only=only)
    end = await page.read(states, after)
    if end is None:
        return TaskPage(tasks=page.tasks, next=None)
    stopped_in, position = end
    prefix = "" if state else f"{stopped_in}{_AFTER_STATE}"
    return TaskPage(tasks=page.tasks, next=prefix + to_cursor(position))


def _left(
    state: TaskState | None, cursor: str | None, *, newest_first: bool
) -> tuple[Sequence[TaskState], Position | None]:
    """The states that are left to read, and the position in the first of them."""
    if state is not None:
        return [state], None if cursor is None else from_cursor(cursor)
    states = list(SETS) if newest_first else list(SETS)[::-1]
    if cursor is None:
        return states, None
    name, _, position = cursor.partition(_AFTER_STATE)
    if name not in states:
        raise ValueError(f"{cursor!r} is the cursor of another list")
    return states[states.index(TaskState(name)) :], from_cursor(position)


class _Page:
    """Collects tasks until there are enough, or until it has looked at enough of them."""

    def __init__(
        self, scanner: TaskScanner, queue: str, *, newest_first: bool, size: int, only: TaskFilter | None
    ) -> None:
        self.tasks: list[TaskInfo] = []
        self._scanner = scanner
        self._queue = queue
        self._newest_first = newest_first
        self._size = size
        self._only = None if only is None or only.is_empty else only
        self._looked_at = 0

    async def read(
        self, states: Sequence[TaskState], after: Position | None
    ) -> tuple[TaskState, Position] | None:
        """Return where the next page begins; None if nothing is left."""
        for number, state in enumerate(states, start=1):
            stop = await self._read_state(state, after)
            if stop is not None:
                position, has_more = stop
                return (state, position) if has_more or await self._has_any(states[number:]) else None
            after = None
        return None

    async def _read_state(self, state: TaskState, after: Position | None) -> tuple[Position, bool] | None:
        """Return where the page is full, and whether the state has more; None if the page has room left."""
        while True:
            scanned = await self._scan(state, after, count=self._count)
            for position, task in scanned.tasks:
                self._looked_at += 1
                if matches(task, self._only):
                    self.tasks.append(task)
                if len(self.tasks) == self._size:
                    return position, position != scanned.last or scanned.has_more
            after = scanned.last
            if after is not None and self._looked_at >= LOOKED_AT:
                return after, scanned.has_more
            if after is None or not scanned.has_more:
                return None

    @property
    def _count(self) -> int:
        wanted = AT_ONCE if self._only else self._size - len(self.tasks)
        return min(wanted, LOOKED_AT - self._looked_at)

    async def _has_any(self, states: Sequence[TaskState]) -> bool:
        for state in states:
            scanned = await self._scan(state, None, count=1)
            if scanned.tasks or scanned.has_more:
                return True
        return False

    async def _scan(self, state: TaskState, after: Position | None, *, count: int) -> Listed:
        return await self._scanner.read(
            self._queue, state, newest_first=self._newest_first, after=after, count=count
        )


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
