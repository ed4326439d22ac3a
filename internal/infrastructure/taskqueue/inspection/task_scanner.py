from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import inf

import redis.asyncio

from internal.infrastructure.taskqueue.connections.connection import PooledConnection, translated_outages
from internal.infrastructure.taskqueue.inspection.cursors import Position
from internal.infrastructure.taskqueue.inspection.task_decoding import SETS, LeaseHolder, TaskRow
from internal.infrastructure.taskqueue.inspection.worker_registry import WorkerRegistry
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.any_bytes import lossless
from internal.infrastructure.tasks.encrypted_payload import PayloadCipher
from internal.ports.task_inspector import QueueNotFound
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import TaskState

# Size limit of the messages and results in one reply. The last task may exceed it.
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ScannedTasks:
    """Tasks in order, each with its position.

    has_more: more tasks follow after `last`.
    size: bytes of their messages.
    """

    tasks: Sequence[tuple[Position, TaskInfo]]
    last: Position | None
    has_more: bool
    size: int


class TaskScanner:
    """Reads the tasks of a state in batches. The cost of a call does not depend on their total number."""

    def __init__(
        self,
        client: redis.asyncio.Redis,
        *,
        namespace: str,
        archive_for: timedelta,
        cipher: PayloadCipher | None,
    ) -> None:
        self._connection = PooledConnection(client)
        self._registry = WorkerRegistry(client, namespace=namespace)
        self._namespace = namespace
        self._archive_for = archive_for
        self._cipher = cipher

    async def read(
        self, queue: str, state: TaskState, *, newest_first: bool, after: Position | None, count: int
    ) -> ScannedTasks:
        """Read the tasks after a position: at most `count`, fewer if they are large.

        Raises:
            QueueNotFound: there is no such queue.
            Unavailable: Redis cannot be reached.
        """
        with translated_outages():
            if state is TaskState.ACTIVE:
                return await self._read_active(queue, newest_first=newest_first, after=after, count=count)
            return await self._read(queue, state, newest_first=newest_first, after=after, count=count)

    async def read_listed(
        self, queue: str, state: TaskState, scores: Mapping[str, str]
    ) -> Mapping[str, TaskInfo]:
        """Read tasks by their ids; `scores` are those in their state. Tasks that are gone are left out."""
        found: dict[str, TaskInfo] = {}
        left = list(scores)
        while left:
            with translated_outages():
                rows = await scripts.READ_TASKS.call(
                    self._connection, self._namespace, (queue, left, MAX_BYTES)
                )
            for row in map(TaskRow.of, rows):
                if row.message:
                    listed = replace(row, score=scores[row.id])
                    found[row.id] = self._info(listed, queue, state)
            left = left[len(rows) :]
        return found

    async def lease_holders(self, queue: str) -> Mapping[str, LeaseHolder]:
        """The workers of the active tasks, by task id. Raise QueueNotFound or Unavailable."""
        workers = await self._registry.workers()
        names = {worker.id: worker.name for worker in workers}
        started = {
            (worker.id, task.id): task.started_at
            for worker in workers
            for task in worker.running
            if task.queue == queue
        }
        with translated_outages():
            exists, now, leases, tokens = await scripts.ACTIVE.call(
                self._connection, self._namespace, [queue]
            )
        if not exists:
            raise QueueNotFound(f"there is no queue {queue}")
        worker_by_task = {
            lossless(task_id): token.decode().rpartition(":")[0]
            for task_id, token in zip(tokens[::2], tokens[1::2], strict=True)
        }
        is_lapsed = {
            lossless(member): float(ends) < now
            for member, ends in zip(leases[::2], leases[1::2], strict=True)
        }
        return {
            task_id: LeaseHolder(
                worker=names.get(worker, worker),
                started_at=started.get((worker, task_id)),
                is_orphaned=is_lapsed[task_id],
            )
            for task_id, worker in worker_by_task.items()
        }

    async def _read(
        self, queue: str, state: TaskState, *, newest_first: bool, after: Position | None, count: int
    ) -> ScannedTasks:
        score, task_id = after or ("", "")
        request = (queue, SETS[state], int(newest_first), score, task_id, count, MAX_BYTES)
        exists, found, more = await scripts.PAGE.call(self._connection, self._namespace, request)
        if not exists:
            raise QueueNotFound(f"there is no queue {queue}")
        rows = [TaskRow.of(row) for row in found]
        tasks = [((row.score, row.id), self._info(row, queue, state)) for row in rows]
        return ScannedTasks(tasks, tasks[-1][0] if tasks else None, bool(more), _size_of(rows))

    async def _read_active(
        self, queue: str, *, newest_first: bool, after: Position | None, count: int
    ) -> ScannedTasks:
        """In the order of their starts. Tasks that no heartbeat lists yet are the newest."""
        holders = await self.lease_holders(queue)
        order = sorted(
            ((_since(holder), task_id) for task_id, holder in holders.items()), reverse=newest_first
        )
        if after:
            mark = (float(after[0]), after[1])
            order = [key for key in order if (key < mark if newest_first else key > mark)]
        ids = [task_id for _, task_id in order[:count]]
        found = await scripts.READ_TASKS.call(self._connection, self._namespace, (queue, ids, MAX_BYTES))
        rows = [TaskRow.of(row) for row in found]
        tasks = [
            (
                _position(key),
                self._info(row, queue, TaskState.ACTIVE, holder=holders[row.id]),
            )
            for key, row in zip(order, rows, strict=False)
            # Without a message, the task has ended since its id was read.
            if row.message
        ]
        last = _position(order[len(rows) - 1]) if rows else None
        return ScannedTasks(tasks, last, len(rows) < len(order), _size_of(rows))

    def _info(
        self, row: TaskRow, queue: str, state: TaskState, *, holder: LeaseHolder | None = None
    ) -> TaskInfo:
        return row.info(queue, state, archive_for=self._archive_for, cipher=self._cipher, holder=holder)


def _size_of(rows: Sequence[TaskRow]) -> int:
    return sum(len(row.message) for row in rows)


def _position(key: tuple[float, str]) -> Position:
    since, task_id = key
    return f"{since:.0f}", task_id


def _since(holder: LeaseHolder) -> float:
    return inf if holder.started_at is None else round(holder.started_at.timestamp() * 1000)
