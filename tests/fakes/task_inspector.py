import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count

from internal.domain.errors import Conflict
from internal.infrastructure.humanize import counted
from internal.ports.clock import Clock
from internal.ports.task_failures import FailureGroup, FailureGroupNotFound, FailureGroups
from internal.ports.task_inspector import (
    ActionResult,
    ActionStep,
    QueueNotEmpty,
    QueueNotFound,
    TaskAction,
    TaskFilter,
    TaskNotFound,
    TaskPage,
)
from internal.ports.task_snapshots import (
    DayCount,
    QueueInfo,
    TaskInfo,
)
from internal.ports.task_statistics import DueMinute, Figures, Span, TaskStatistics
from internal.ports.tasks import TaskState
from tests.fakes.task_failures import group_failures, number_in, tasks_of
from tests.fakes.task_schedules import FakeTaskSchedules
from tests.fakes.task_statistics import FakeAttempt, due_minutes, statistics_of
from tests.fakes.task_workers import FakeTaskWorkers

ARCHIVED_FOR = timedelta(days=90)
MOST_AT_ONCE = 500
MAX_DAYS = 90
_FROM: Mapping[TaskAction, frozenset[TaskState]] = {
    TaskAction.RUN: frozenset({TaskState.SCHEDULED, TaskState.RETRY, TaskState.ARCHIVED}),
    TaskAction.ARCHIVE: frozenset({TaskState.PENDING, TaskState.SCHEDULED, TaskState.RETRY}),
    TaskAction.DELETE: frozenset(set(TaskState) - {TaskState.STORED, TaskState.ACTIVE}),
    TaskAction.CANCEL: frozenset({TaskState.ACTIVE}),
}
# Separates the two positions in the cursor of a step.
_TO_END = "\n"
_OLDEST_STATE_FIRST = list(TaskState)[::-1]
_BY_DUE_TIME = {TaskState.SCHEDULED, TaskState.RETRY}


@dataclass(frozen=True)
class _Kept:
    """A task, and its place among those of its state: when it came into it, or is due."""

    task: TaskInfo
    place: int
    since: datetime


class FakeTaskInspector(FakeTaskSchedules, FakeTaskWorkers):
    """Queues in memory. The test says which tasks, workers and schedules there are, and what was counted.

    looks_at: how many tasks a filtered page, or a step of an action, looks at, at most.
    batch: how many tasks `act_on_all` acts on at once.
    A cancelled task stays active until the test says `end_cancelled`.
    """

    def __init__(self, clock: Clock, *, looks_at: int = 1000, batch: int = 100) -> None:
        FakeTaskSchedules.__init__(self, clock)
        FakeTaskWorkers.__init__(self)
        self._looks_at = looks_at
        self._batch = batch
        self._places = count(1)
        self._queues: dict[str, dict[str, _Kept]] = {}
        self._paused: set[str] = set()
        self._counts: dict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
        self._attempts: list[FakeAttempt] = []

    def add_queue(self, name: str) -> None:
        self._queues.setdefault(name, {})

    def add(self, *tasks: TaskInfo) -> None:
        for task in tasks:
            self.add_queue(task.queue)
            self._put(task)

    def count(self, queue: str, day: date, *, processed: int, failed: int) -> None:
        self.add_queue(queue)
        self._counts[queue][day] = (processed, failed)

    def count_attempt(
        self, queue: str, name: str, figures: Figures, *, waited: timedelta, ran: timedelta
    ) -> None:
        """As an attempt that has ended now."""
        self._attempts.append(
            FakeAttempt(at=self._clock.now(), queue=queue, name=name, figures=figures, waited=waited, ran=ran)
        )

    def known(self, queue: str) -> list[TaskInfo]:
        return [kept.task for kept in self._queues.get(queue, {}).values()]

    def end_cancelled(self) -> None:
        """As the workers do, within a second."""
        for kept in [kept for tasks in self._queues.values() for kept in tasks.values()]:
            if kept.task.is_cancelled:
                self._put(
                    self._archived(replace(kept.task, is_cancelled=False, worker=None, started_at=None))
                )

    async def queues(self) -> Sequence[QueueInfo]:
        return [await self.queue(name) for name in sorted(self._queues)]

    async def queue(self, name: str) -> QueueInfo:
        tasks = self._tasks_of(name).values()
        now = self._clock.now()
        sizes: dict[TaskState, int] = defaultdict(int)
        for kept in tasks:
            sizes[kept.task.state] += 1
        waiting = [kept.since for kept in tasks if kept.task.state is TaskState.PENDING]
        processed, failed = self._counts[name].get(now.date(), (0, 0))
        return QueueInfo(
            name=name,
            is_paused=name in self._paused,
            sizes=dict(sizes),
            latency=now - min(waiting, default=now),
            memory=sum(len(repr(kept.task)) for kept in tasks),
            processed=processed,
            failed=failed,
        )

    async def history(self, name: str, *, days: int) -> Sequence[DayCount]:
        self._tasks_of(name)
        if not 1 <= days <= MAX_DAYS:
            raise ValueError(f"days must be within 1 to {MAX_DAYS}")
        today = self._clock.now().date()
        return [self._day(name, today - timedelta(days=ago)) for ago in range(days)]

    async def statistics(self, span: Span) -> TaskStatistics:
        return statistics_of(self._attempts, span, now=self._clock.now())

    async def due(self) -> Sequence[DueMinute]:
        tasks = [kept.task for tasks in self._queues.values() for kept in tasks.values()]
        return due_minutes(tasks, now=self._clock.now())

    async def pause(self, name: str) -> bool:
        self._tasks_of(name)
        was_running = name not in self._paused
        self._paused.add(name)
        return was_running

    async def resume(self, name: str) -> bool:
        self._tasks_of(name)
        was_paused = name in self._paused
        self._paused.discard(name)
        return was_paused

    async def remove_queue(self, name: str, *, force: bool = False) -> None:
        tasks = self._tasks_of(name)
        if any(kept.task.state is TaskState.ACTIVE for kept in tasks.values()):
            raise QueueNotEmpty(f"tasks of the queue {name} are running")
        if tasks and not force:
            raise QueueNotEmpty(f"the queue {name} has {counted(len(tasks), 'task')}")
        del self._queues[name]
        self._paused.discard(name)
        self._counts.pop(name, None)

    async def tasks(
        self,
        queue: str,
        state: TaskState | None,
        *,
        newest_first: bool = True,
        size: int = 30,
        cursor: str | None = None,
        only: TaskFilter | None = None,
    ) -> TaskPage:
        kept = self._tasks_of(queue).values()
        if not 1 <= size <= MOST_AT_ONCE:
            raise ValueError(f"size must be within 1 to {MOST_AT_ONCE}")
        in_state = [one for one in kept if state is None or one.task.state is state]
        ordered = sorted(in_state, key=_order, reverse=newest_first)
        if cursor is not None:
            after = _mark(cursor)
            ordered = [one for one in ordered if _is_behind(one, after, newest_first=newest_first)]
        return self._page(ordered, size=size, only=only)

    async def task(self, queue: str, task_id: str) -> TaskInfo:
        kept = self._queues.get(queue, {}).get(task_id)
        if kept is None:
            raise TaskNotFound(f"the queue {queue} has no task {task_id}")
        return kept.task

    async def act(self, action: TaskAction, queue: str, task_ids: Sequence[str]) -> ActionResult:
        if len(task_ids) > MOST_AT_ONCE:
            raise ValueError(f"at most {MOST_AT_ONCE} tasks at once")
        done, refused = [], {}
        for task_id in dict.fromkeys(task_ids):
            kept = self._queues.get(queue, {}).get(task_id)
            if kept is None:
                refused[task_id] = "there is no such task"
            elif kept.task.state not in _FROM[action]:
                refused[task_id] = f"it is {kept.task.state}"
            else:
                self._do(action, kept.task)
                done.append(task_id)
        return ActionResult(done=done, refused=refused)

    async def act_on_all(
        self, action: TaskAction, queue: str, state: TaskState, *, only: TaskFilter | None = None
    ) -> AsyncIterator[ActionResult]:
        tasks = [kept.task for kept in self._tasks_of(queue).values() if kept.task.state is state]
        if state not in _FROM[action]:
            raise Conflict(f"{action} does not apply to {state} tasks")
        ids = [task.id for task in tasks if _matches(task, only)]
        for first in range(0, len(ids), self._batch):
            yield await self.act(action, queue, ids[first : first + self._batch])

    async def act_on_next(
        self,
        action: TaskAction,
        queue: str,
        state: TaskState,
        *,
        cursor: str | None = None,
        only: TaskFilter | None = None,
    ) -> ActionStep:
        kept = [one for one in self._tasks_of(queue).values() if one.task.state is state]
        if state not in _FROM[action]:
            raise Conflict(f"{action} does not apply to {state} tasks")
        ordered = sorted(kept, key=_order)
        if cursor is not None:
            after, end = map(_mark, cursor.split(_TO_END, maxsplit=1))
            ordered = [one for one in ordered if after < _order(one) <= end]
        step, rest = ordered[: self._looks_at], ordered[self._looks_at :]
        following = f"{_cursor(step[-1])}{_TO_END}{_cursor(rest[-1])}" if rest else None
        result = await self._act_on_many(
            action, queue, [one.task.id for one in step if _matches(one.task, only)]
        )
        return ActionStep(result=result, looked_at=len(step), next=following)

    async def failures(self) -> FailureGroups:
        total = sum(
            kept.task.state in {TaskState.RETRY, TaskState.ARCHIVED}
            for tasks in self._queues.values()
            for kept in tasks.values()
        )
        return FailureGroups(groups=group_failures(self._failed()), looked_at=total, total=total)

    async def failure(self, fingerprint: str) -> FailureGroup:
        for group in group_failures(self._failed()):
            if group.failure.fingerprint == fingerprint:
                return group
        raise FailureGroupNotFound(f"there is no group {fingerprint} among the newest failures")

    async def failed_tasks(self, fingerprint: str, *, size: int = 30, cursor: str | None = None) -> TaskPage:
        if not 1 <= size <= MOST_AT_ONCE:
            raise ValueError(f"size must be within 1 to {MOST_AT_ONCE}")
        first = number_in(cursor)
        tasks = list(reversed(tasks_of(fingerprint, self._failed())))
        more = len(tasks) > first + size
        listed = tasks[first : first + size]
        return TaskPage(tasks=listed, next=str(first + size) if more else None, looked_at=len(listed))

    async def act_on_failures(
        self, action: TaskAction, fingerprint: str, *, cursor: str | None = None
    ) -> ActionStep:
        states = _FROM[action] & {TaskState.RETRY, TaskState.ARCHIVED}
        if not states:
            raise Conflict(f"{action} does not apply to failed tasks")
        number_in(cursor)
        tasks = [task for task in tasks_of(fingerprint, self._failed()) if task.state in states]
        batch = tasks[: self._batch]
        for task in batch:
            self._do(action, task)
        return ActionStep(
            result=ActionResult(done=[task.id for task in batch], refused={}),
            looked_at=len(batch),
            next="0" if len(tasks) > len(batch) else None,
        )

    async def _act_on_many(self, action: TaskAction, queue: str, ids: Sequence[str]) -> ActionResult:
        parts = [
            await self.act(action, queue, ids[first : first + self._batch])
            for first in range(0, len(ids), self._batch)
        ]
        return ActionResult(
            done=[task_id for part in parts for task_id in part.done],
            refused={task_id: reason for part in parts for task_id, reason in part.refused.items()},
        )

    def _failed(self) -> Sequence[TaskInfo]:
        """The oldest failure first."""
        tasks = [kept.task for tasks in self._queues.values() for kept in tasks.values()]
        failed = [task for task in tasks if task.state in {TaskState.RETRY, TaskState.ARCHIVED}]
        return sorted(
            (task for task in failed if task.failure and task.last_failed_at),
            key=lambda task: (task.last_failed_at, task.queue, task.id),
        )

    def _tasks_of(self, queue: str) -> dict[str, _Kept]:
        if queue not in self._queues:
            raise QueueNotFound(f"there is no queue {queue}")
        return self._queues[queue]

    def _put(self, task: TaskInfo) -> None:
        place = next(self._places)
        if task.state in _BY_DUE_TIME and task.due is not None:
            place = round(task.due.timestamp() * 1000)
        self._queues[task.queue][task.id] = _Kept(task, place, self._clock.now())

    def _do(self, action: TaskAction, task: TaskInfo) -> None:
        changes: Mapping[TaskAction, Callable[[TaskInfo], TaskInfo]] = {
            TaskAction.RUN: _to_run,
            TaskAction.ARCHIVE: self._archived,
        }
        if action is TaskAction.DELETE:
            del self._queues[task.queue][task.id]
        elif action is TaskAction.CANCEL:
            kept = self._queues[task.queue][task.id]
            self._queues[task.queue][task.id] = replace(kept, task=replace(task, is_cancelled=True))
        else:
            self._put(changes[action](task))

    def _archived(self, task: TaskInfo) -> TaskInfo:
        expires_at = self._clock.now() + ARCHIVED_FOR
        return replace(task, state=TaskState.ARCHIVED, due=None, expires_at=expires_at)

    def _day(self, name: str, day: date) -> DayCount:
        processed, failed = self._counts[name].get(day, (0, 0))
        return DayCount(day=day, processed=processed, failed=failed)

    def _page(self, ordered: Sequence[_Kept], *, size: int, only: TaskFilter | None) -> TaskPage:
        tasks: list[TaskInfo] = []
        looked_at = 0
        for kept in ordered[: self._looks_at]:
            looked_at += 1
            if _matches(kept.task, only):
                tasks.append(kept.task)
            if len(tasks) == size:
                break
        more = looked_at < len(ordered)
        end = _cursor(ordered[looked_at - 1]) if more else None
        return TaskPage(tasks=tasks, next=end, looked_at=looked_at)


def _to_run(task: TaskInfo) -> TaskInfo:
    retries = 0 if task.state is TaskState.ARCHIVED else task.retries
    return replace(task, state=TaskState.PENDING, due=None, expires_at=None, retries=retries)


def _matches(task: TaskInfo, only: TaskFilter | None) -> bool:
    if only is None:
        return True
    return (
        (not only.name or task.name == only.name)
        and (not only.payload or only.payload.lower() in _text(task.payload).lower())
        and (not only.error or only.error.lower() in only.mask(task.last_error or "").lower())
        and only.has_time(task.happened_at)
    )


def _text(payload: object) -> str:
    return json.dumps(payload, ensure_ascii=False)


def _cursor(kept: _Kept) -> str:
    rank, place, task_id = _order(kept)
    return f"{rank}:{place}:{task_id}"


def _mark(cursor: str) -> tuple[int, int, str]:
    rank, _, rest = cursor.partition(":")
    place, found, task_id = rest.partition(":")
    if not (found and rank.isdigit() and place.isdigit()):
        raise ValueError(f"{cursor!r} is not a valid cursor")
    return int(rank), int(place), task_id


def _order(kept: _Kept) -> tuple[int, int, str]:
    return _OLDEST_STATE_FIRST.index(kept.task.state), kept.place, kept.task.id


def _is_behind(kept: _Kept, mark: tuple[int, int, str], *, newest_first: bool) -> bool:
    return _order(kept) < mark if newest_first else _order(kept) > mark
