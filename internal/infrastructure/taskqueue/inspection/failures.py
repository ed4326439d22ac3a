from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TypeVar

from internal.infrastructure.taskqueue.inspection import cursors
from internal.infrastructure.taskqueue.inspection.cursors import Position
from internal.infrastructure.taskqueue.inspection.failure_scanner import FailedTask, FailureScanner
from internal.infrastructure.taskqueue.inspection.task_decoding import failure_of
from internal.infrastructure.taskqueue.inspection.task_scanner import TaskScanner
from internal.infrastructure.taskqueue.protocol.any_bytes import readable
from internal.infrastructure.taskqueue.protocol.redis_time import to_moment
from internal.infrastructure.taskqueue.protocol.scripts import MOST_AT_ONCE
from internal.ports.task_failures import WITH_ERRORS, FailureGroup, FailureGroupNotFound, FailureGroups
from internal.ports.task_inspector import TaskPage
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import TaskState

K = TypeVar("K")

# Failed tasks that are grouped. So the cost of a page does not depend on their total number.
WINDOW = 2000


class FailureReader:
    """Groups the newest failures, and reads the tasks of a group."""

    def __init__(self, scanner: FailureScanner, *, tasks: TaskScanner) -> None:
        self._scanner = scanner
        self._tasks = tasks

    async def groups(self) -> FailureGroups:
        sizes = await self._scanner.sizes()
        total = sum(sizes.values())
        failed = await self._newest(sizes)
        by_fingerprint = defaultdict(list)
        for task in failed:
            by_fingerprint[task.mark.fingerprint].append(task)
        ordered = sorted(by_fingerprint.items(), key=lambda item: (-len(item[1]), item[0]))
        groups = [sorted(tasks, key=_place) for _, tasks in ordered]
        errors = await self._scanner.errors([tasks[-1] for tasks in groups[:WITH_ERRORS]])
        return FailureGroups(
            groups=[_group(*pair) for pair in zip_longest(groups, errors)],
            looked_at=min(total, WINDOW),
            total=total,
        )

    async def group(self, fingerprint: str) -> FailureGroup:
        tasks = sorted(await self._of(fingerprint), key=_place)
        if not tasks:
            raise FailureGroupNotFound(f"there is no group {fingerprint} among the newest failures")
        [error] = await self._scanner.errors(tasks[-1:])
        return _group(tasks, error)

    async def page(self, fingerprint: str, *, size: int, cursor: str | None) -> TaskPage:
        if not 1 <= size <= MOST_AT_ONCE:
            raise ValueError(f"size must be within 1 to {MOST_AT_ONCE}")
        after = None if cursor is None else _place_in(cursors.from_cursor(cursor))
        tasks = sorted(await self._of(fingerprint), key=_place, reverse=True)
        left = [task for task in tasks if after is None or _place(task) < after]
        listed = left[:size]
        infos = await self._read(listed)
        has_more = len(left) > len(listed)
        following = _cursor(listed[-1]) if has_more else None
        return TaskPage(tasks=infos, next=following, looked_at=len(listed))

    async def _read(self, tasks: Sequence[FailedTask]) -> Sequence[TaskInfo]:
        """Without those that have been deleted in the meantime."""
        scores: dict[tuple[str, TaskState], dict[str, str]] = defaultdict(dict)
        for task in tasks:
            scores[task.queue, task.state][task.id] = task.score
        found = {place: await self._tasks.read_listed(*place, ids) for place, ids in scores.items()}
        infos = [found[task.queue, task.state].get(task.id) for task in tasks]
        return [info for info in infos if info]

    async def _of(self, fingerprint: str) -> Sequence[FailedTask]:
        failed = await self._newest(await self._scanner.sizes())
        return [task for task in failed if task.mark.fingerprint == fingerprint]

    async def _newest(self, sizes: Mapping[tuple[str, TaskState], int]) -> Sequence[FailedTask]:
        found: list[FailedTask] = []
        for (queue, state), share in even_shares(sizes, WINDOW).items():
            found += await self._newest_in(queue, state, share)
        return found

    async def _newest_in(self, queue: str, state: TaskState, count: int) -> Sequence[FailedTask]:
        found: list[FailedTask] = []
        after: Position | None = None
        left = count
        while left > 0:
            scanned = await self._scanner.read(queue, state, newest_first=True, after=after, count=left)
            found += scanned.tasks
            left -= scanned.looked_at
            after = scanned.last
            if not scanned.has_more:
                break
        return found


def even_shares(sizes: Mapping[K, int], most: int) -> Mapping[K, int]:
    """Divide `most` among these sizes: equal shares, and what one does not need goes to the others."""
    shares: dict[K, int] = {}
    left = most
    for number, (key, size) in enumerate(sorted(sizes.items(), key=lambda item: item[1])):
        shares[key] = min(size, left // (len(sizes) - number))
        left -= shares[key]
    return shares


def _group(tasks: Sequence[FailedTask], error: str | None) -> FailureGroup:
    """Of tasks with the same fingerprint, the earliest failure first."""
    last = tasks[-1]
    archived = sum(task.state is TaskState.ARCHIVED for task in tasks)
    return FailureGroup(
        failure=failure_of(last.mark),
        retry=len(tasks) - archived,
        archived=archived,
        times=[to_moment(task.at) for task in tasks],
        queue=readable(last.queue),
        task_id=readable(last.id),
        error=error,
    )


def _place(task: FailedTask) -> tuple[float, str, str]:
    return task.at, task.queue, task.id


def _cursor(task: FailedTask) -> str:
    return cursors.to_cursor((str(task.at), cursors.encode([task.queue, task.id])))


def _place_in(position: Position) -> tuple[float, str, str]:
    queue, task_id = cursors.decode(position[1])
    return float(position[0]), queue, task_id
