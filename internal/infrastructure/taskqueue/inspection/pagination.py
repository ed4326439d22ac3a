import json
from collections.abc import Sequence

from internal.infrastructure.taskqueue.inspection.cursors import Position, from_cursor, to_cursor
from internal.infrastructure.taskqueue.inspection.task_decoding import SETS
from internal.infrastructure.taskqueue.inspection.task_scanner import ScannedTasks, TaskScanner
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.ports.task_inspector import TaskFilter, TaskPage
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import TaskState

# Tasks read for one page, matching or not.
MAX_SCANNED = 1000
# Bytes of messages read for one page, beyond which it ends. The last call may exceed it.
MAX_PAGE_BYTES = 8 * 1024 * 1024
# Tasks per call. A call blocks Redis.
MAX_PER_CALL = 250
# Here a score is the time in ms at which the task entered the state: nothing has happened to it since.
_BY_ENTRY = {TaskState.ARCHIVED, TaskState.COMPLETED}
# Separates the state from the position in a cursor of all states. No position contains it.
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
    """Read one state, or all states in order. Raise QueueNotFound, ValueError or Unavailable."""
    if not 1 <= size <= MOST_AT_ONCE:
        raise ValueError(f"size must be within 1 to {MOST_AT_ONCE}")
    states, after = _remaining_states(state, cursor, newest_first=newest_first)
    page = _Page(scanner, queue, newest_first=newest_first, size=size, only=only)
    end = await page.read(states, after)
    if end is None:
        return TaskPage(tasks=page.tasks, next=None, looked_at=page.looked_at)
    stopped_in, position = end
    prefix = "" if state else f"{stopped_in}{_AFTER_STATE}"
    return TaskPage(tasks=page.tasks, next=prefix + to_cursor(position), looked_at=page.looked_at)


def _remaining_states(
    state: TaskState | None, cursor: str | None, *, newest_first: bool
) -> tuple[Sequence[TaskState], Position | None]:
    """The states that are still to be read, and the position in the first of them."""
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
    """Collects tasks until the page is full, or it has read MAX_SCANNED tasks or MAX_PAGE_BYTES."""

    def __init__(
        self, scanner: TaskScanner, queue: str, *, newest_first: bool, size: int, only: TaskFilter | None
    ) -> None:
        self.tasks: list[TaskInfo] = []
        self.looked_at = 0
        self._bytes_read = 0
        self._scanner = scanner
        self._queue = queue
        self._newest_first = newest_first
        self._size = size
        self._only = None if only is None or only.is_empty else only

    async def read(
        self, states: Sequence[TaskState], after: Position | None
    ) -> tuple[TaskState, Position] | None:
        """Return where the next page begins; None if nothing is left."""
        for number, state in enumerate(states, start=1):
            start = None if self._newest_first else start_of(state, self._only)
            stop = await self._read_state(state, after or start)
            if stop is not None:
                position, has_more = stop
                return (state, position) if has_more or await self._has_any(states[number:]) else None
            after = None
        return None

    async def _read_state(self, state: TaskState, after: Position | None) -> tuple[Position, bool] | None:
        """Return where the page is full, and whether the state has more; None if the page has room left."""
        while True:
            scanned = await self._scan(state, after, count=self._count)
            self._bytes_read += scanned.size
            for position, task in scanned.tasks:
                self.looked_at += 1
                if matches(task, self._only):
                    self.tasks.append(task)
                if len(self.tasks) == self._size:
                    return position, position != scanned.last or scanned.has_more
            after = scanned.last
            if self._newest_first and is_before(after, state, self._only):
                return None
            is_exhausted = self.looked_at >= MAX_SCANNED or self._bytes_read >= MAX_PAGE_BYTES
            if after is not None and is_exhausted:
                return after, scanned.has_more
            if after is None or not scanned.has_more:
                return None

    @property
    def _count(self) -> int:
        wanted = MAX_PER_CALL if self._only else self._size - len(self.tasks)
        return min(wanted, MAX_SCANNED - self.looked_at)

    async def _has_any(self, states: Sequence[TaskState]) -> bool:
        for state in states:
            scanned = await self._scan(state, None, count=1)
            if scanned.tasks or scanned.has_more:
                return True
        return False

    async def _scan(self, state: TaskState, after: Position | None, *, count: int) -> ScannedTasks:
        return await self._scanner.read(
            self._queue, state, newest_first=self._newest_first, after=after, count=count
        )


def matches(task: TaskInfo, only: TaskFilter | None) -> bool:
    return only is None or (
        (not only.name or task.name == only.name)
        and _contains(_text(task.payload), only.payload)
        and _contains(only.mask(task.last_error or ""), only.error)
        and only.has_time(task.happened_at)
    )


def start_of(state: TaskState, only: TaskFilter | None) -> Position | None:
    """A position in the order of time. Earlier tasks are too old to match."""
    if only is None or only.since is None or state not in _BY_ENTRY:
        return None
    # Tasks of the same millisecond follow.
    return f"{only.since.timestamp() * 1000 - 1:.0f}", ""


def is_before(position: Position | None, state: TaskState, only: TaskFilter | None) -> bool:
    """Whether all tasks before this position are too old to match."""
    start = start_of(state, only)
    return position is not None and start is not None and float(position[0]) < float(start[0])


def _contains(text: str, part: str | None) -> bool:
    return not part or part.lower() in text.lower()


def _text(payload: object) -> str:
    return json.dumps(payload, ensure_ascii=False)
