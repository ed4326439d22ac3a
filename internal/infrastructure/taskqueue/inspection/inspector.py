from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import redis.asyncio

from internal.infrastructure import humanize
from internal.infrastructure.taskqueue.connections.connection import PooledConnection, translated_outages
from internal.infrastructure.taskqueue.inspection.bulk_actions import BulkAction
from internal.infrastructure.taskqueue.inspection.failure_actions import FailureActions
from internal.infrastructure.taskqueue.inspection.failure_scanner import FailureScanner
from internal.infrastructure.taskqueue.inspection.failures import FailureReader
from internal.infrastructure.taskqueue.inspection.neighbours import neighbours_in
from internal.infrastructure.taskqueue.inspection.operator_actions import OperatorActions
from internal.infrastructure.taskqueue.inspection.pagination import read_page
from internal.infrastructure.taskqueue.inspection.queue_decoding import queue_info
from internal.infrastructure.taskqueue.inspection.statistics import StatisticsReader
from internal.infrastructure.taskqueue.inspection.task_decoding import STATES, TaskRow
from internal.infrastructure.taskqueue.inspection.task_scanner import TaskScanner
from internal.infrastructure.taskqueue.inspection.worker_registry import WorkerRegistry
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.any_bytes import lossless
from internal.infrastructure.taskqueue.protocol.timing import Timing
from internal.infrastructure.tasks.completion_log import CompletionLog
from internal.infrastructure.tasks.encrypted_payload import PayloadCipher
from internal.ports.task_failures import FailureGroup, FailureGroups
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
from internal.ports.task_schedules import TaskSchedules
from internal.ports.task_snapshots import (
    DayCount,
    QueueInfo,
    ScheduledRun,
    ScheduleInfo,
    TaskInfo,
    WorkerInfo,
)
from internal.ports.task_statistics import DueMinute, Span, TaskStatistics
from internal.ports.tasks import TaskState

MAX_DAYS = 90
# Keys per SCAN.
SCAN_COUNT = 500
EPOCH = date(1970, 1, 1)


class RedisTaskInspector:
    """A TaskInspector on the engine's Redis layout.

    completion_log: where outbox rows are closed and reopened. Without one, the outbox is not updated.
    cipher: decrypts the payloads of the tasks that a call returns.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        *,
        namespace: str,
        timing: Timing,
        completion_log: CompletionLog | None,
        schedules: TaskSchedules,
        cipher: PayloadCipher | None = None,
    ) -> None:
        self._client = client
        self._connection = PooledConnection(client)
        self._namespace = namespace
        self._archive_for = timing.archive_for
        self._cipher = cipher
        self._schedules = schedules
        self._registry = WorkerRegistry(client, namespace=namespace)
        self._statistics = StatisticsReader(client, namespace=namespace)
        self._scanner = TaskScanner(
            client, namespace=namespace, archive_for=timing.archive_for, cipher=cipher
        )
        self._actions = OperatorActions(client, namespace=namespace, completion_log=completion_log)
        failures = FailureScanner(client, namespace=namespace)
        self._failures = FailureReader(failures, tasks=self._scanner)
        self._failure_actions = FailureActions(failures, self._actions)

    async def queues(self) -> Sequence[QueueInfo]:
        rows = await self._call(scripts.QUEUES, [])
        return sorted((queue_info(*row) for row in rows), key=lambda queue: queue.name)

    async def queue(self, name: str) -> QueueInfo:
        for row in await self._call(scripts.QUEUES, [name]):
            return queue_info(*row)
        raise _no_queue(name)

    async def history(self, name: str, *, days: int) -> Sequence[DayCount]:
        if not 1 <= days <= MAX_DAYS:
            raise ValueError(f"days must be within 1 to {MAX_DAYS}")
        found = await self._call(scripts.HISTORY, (name, days))
        if found is None:
            raise _no_queue(name)
        return [
            DayCount(day=EPOCH + timedelta(days=day), processed=processed, failed=failed)
            for day, processed, failed in zip(found[::3], found[1::3], found[2::3], strict=True)
        ]

    async def statistics(self, span: Span) -> TaskStatistics:
        return await self._statistics.read(span)

    async def due(self) -> Sequence[DueMinute]:
        return await self._statistics.due()

    async def pause(self, name: str) -> bool:
        return await self._set_paused(name, paused=True)

    async def resume(self, name: str) -> bool:
        return await self._set_paused(name, paused=False)

    async def remove_queue(self, name: str, *, force: bool = False) -> None:
        queue = await self.queue(name)
        if queue.sizes.get(TaskState.ACTIVE):
            raise QueueNotEmpty(f"tasks of the queue {name} are running")
        if queue.size and not force:
            raise QueueNotEmpty(f"the queue {name} has {humanize.counted(queue.size, 'task')}")
        for state in queue.sizes:
            async for _ in self.act_on_all(TaskAction.DELETE, name, state):
                pass
        if not await self._call(scripts.REMOVE, [name]):
            raise QueueNotEmpty(f"new tasks have arrived in the queue {name}")
        with translated_outages():
            await self._clear(name)

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
        return await read_page(
            self._scanner, queue, state, newest_first=newest_first, size=size, cursor=cursor, only=only
        )

    async def task(self, queue: str, task_id: str) -> TaskInfo:
        found = await self._call(scripts.TASK, (queue, task_id))
        if found is None:
            raise TaskNotFound(f"the queue {queue} has no task {task_id}")
        name, score, message, retained_until, token, kept, done = found
        record = dict(zip(kept[::2], kept[1::2], strict=True))
        row = TaskRow(task_id, score.decode(), message or b"", retained_until, record)
        holder = (await self._scanner.lease_holders(queue)).get(task_id) if token else None
        info = row.info(
            queue,
            STATES[name.decode()],
            archive_for=self._archive_for,
            cipher=self._cipher,
            holder=holder,
        )
        return replace(info, neighbours=neighbours_in(record, done=done))

    async def act(self, action: TaskAction, queue: str, task_ids: Sequence[str]) -> ActionResult:
        return await self._actions.act(action, queue, task_ids)

    def act_on_all(
        self, action: TaskAction, queue: str, state: TaskState, *, only: TaskFilter | None = None
    ) -> AsyncIterator[ActionResult]:
        return self._bulk(action, queue, state, only).in_batches()

    async def act_on_next(
        self,
        action: TaskAction,
        queue: str,
        state: TaskState,
        *,
        cursor: str | None = None,
        only: TaskFilter | None = None,
    ) -> ActionStep:
        return await self._bulk(action, queue, state, only).step(cursor)

    async def failures(self) -> FailureGroups:
        return await self._failures.groups()

    async def failure(self, fingerprint: str) -> FailureGroup:
        return await self._failures.group(fingerprint)

    async def failed_tasks(self, fingerprint: str, *, size: int = 30, cursor: str | None = None) -> TaskPage:
        return await self._failures.page(fingerprint, size=size, cursor=cursor)

    async def act_on_failures(
        self, action: TaskAction, fingerprint: str, *, cursor: str | None = None
    ) -> ActionStep:
        return await self._failure_actions.step(action, fingerprint, cursor=cursor)

    async def workers(self) -> Sequence[WorkerInfo]:
        return await self._registry.workers()

    async def quiet_worker(self, worker_id: str) -> bool:
        return await self._registry.set_quiet(worker_id, quiet=True)

    async def resume_worker(self, worker_id: str) -> bool:
        return await self._registry.set_quiet(worker_id, quiet=False)

    async def schedules(self) -> Sequence[ScheduleInfo]:
        return await self._schedules.schedules()

    async def schedule_history(self, name: str, *, size: int = 30) -> Sequence[ScheduledRun]:
        return await self._schedules.schedule_history(name, size=size)

    def _bulk(self, action: TaskAction, queue: str, state: TaskState, only: TaskFilter | None) -> BulkAction:
        return BulkAction(self._scanner, self._actions, action, queue, state, only)

    async def run_schedule(self, name: str) -> str:
        return await self._schedules.run_schedule(name)

    async def pause_schedule(self, name: str) -> bool:
        return await self._schedules.pause_schedule(name)

    async def resume_schedule(self, name: str) -> bool:
        return await self._schedules.resume_schedule(name)

    async def _set_paused(self, name: str, *, paused: bool) -> bool:
        changed = await self._call(scripts.PAUSE, (name, int(paused), 1))
        if changed < 0:
            raise _no_queue(name)
        return bool(changed)

    async def _clear(self, name: str) -> None:
        """Delete the other keys of a removed queue: statistics, locks and limits."""
        cursor: int = 0
        while True:
            cursor, found = await self._client.scan(
                cursor, match=f"{self._namespace}:{name}:*", count=SCAN_COUNT
            )
            keys = [lossless(key) if isinstance(key, bytes) else key for key in found]
            if keys and not await scripts.CLEAR.call(self._connection, self._namespace, (name, keys)):
                # New tasks recreated the queue, and use the keys that are left.
                return
            if cursor == 0:
                return

    async def _call(self, script: scripts.Script, request: Any) -> Any:
        with translated_outages():
            return await script.call(self._connection, self._namespace, request)


def _no_queue(name: str) -> QueueNotFound:
    return QueueNotFound(f"there is no queue {name}")
