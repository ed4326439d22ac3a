from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import inf

import redis.asyncio

from internal.infrastructure.taskqueue.connections.connection import PooledConnection, translated_outages
from internal.infrastructure.taskqueue.inspection.cursors import Position
from internal.infrastructure.taskqueue.inspection.task_decoding import SETS, Holder, TaskRow
from internal.infrastructure.taskqueue.inspection.worker_registry import WorkerRegistry
from internal.infrastructure.taskqueue.protocol import scripts
from internal.ports.task_inspector import QueueNotFound
from internal.ports.task_snapshots import TaskInfo
from internal.ports.tasks import TaskState

MOST_BYTES = 1024 * 1024  # of messages and results in one reply; its last task may exceed it


@dataclass(frozen=True, slots=True)
class Listed:
    """Some tasks in their order and where each stands; and whether there are more, behind `last`."""

    tasks: Sequence[tuple[Position, TaskInfo]]
    last: Position | None
    has_more: bool


class TaskScanner:
    """The tasks of a state, some at a time: what a call costs does not depend on how many there are."""

    def __init__(self, client: redis.asyncio.Redis, *, namespace: str, archive_for: timedelta) -> None:
        self._connection = PooledConnection(client)
        self._cards = WorkerRegistry(client, namespace=namespace)
        self._namespace = namespace
        self._archive_for = archive_for

    async def read(
        self, queue: str, state: TaskState, *, newest_first: bool, after: Position | None, count: int
    ) -> Listed:
        """Those behind a position; fewer than `count` if they are large.

        Raises:
            QueueNotFound: there is no such queue.
            Unavailable: Redis cannot be reached.
        """
        with translated_outages():
            if state is TaskState.ACTIVE:
                return await self._read_active(queue, newest_first=newest_first, after=after, count=count)
            return await self._read(queue, state, newest_first=newest_first, after=after, count=count)

    async def holders(self, queue: str) -> Mapping[str, Holder]:
        """Who has the active tasks, by their ids. Raises QueueNotFound, Unavailable."""
        workers = await self._cards.workers()
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
        of_worker = {
            task_id.decode(): token.decode().rpartition(":")[0]
            for task_id, token in zip(tokens[::2], tokens[1::2], strict=True)
        }
        lapsed = {
            member.decode(): float(ends) < now for member, ends in zip(leases[::2], leases[1::2], strict=True)
        }
        return {
            task_id: Holder(
                worker=worker,
                started_at=started.get((worker, task_id)),
                is_orphaned=lapsed[task_id],
            )
            for task_id, worker in of_worker.items()
        }

    async def _read(
        self, queue: str, state: TaskState, *, newest_first: bool, after: Position | None, count: int
    ) -> Listed:
        score, task_id = after or ("", "")
        request = (queue, SETS[state], int(newest_first), score, task_id, count, MOST_BYTES)
        exists, found, more = await scripts.PAGE.call(self._connection, self._namespace, request)
        if not exists:
            raise QueueNotFound(f"there is no queue {queue}")
        tasks = [
            ((row.score, row.id), row.info(queue, state, archive_for=self._archive_for))
            for row in map(TaskRow.of, found)
        ]
        return Listed(tasks, tasks[-1][0] if tasks else None, bool(more))

    async def _read_active(
        self, queue: str, *, newest_first: bool, after: Position | None, count: int
    ) -> Listed:
        """In the order of their starts; those of which nobody has told yet are the newest."""
        holders = await self.holders(queue)
        order = sorted(
            ((_since(holder), task_id) for task_id, holder in holders.items()), reverse=newest_first
        )
        if after:
            mark = (float(after[0]), after[1])
            order = [key for key in order if (key < mark if newest_first else key > mark)]
        ids = [task_id for _, task_id in order[:count]]
        found = await scripts.READ_TASKS.call(self._connection, self._namespace, (queue, ids, MOST_BYTES))
        tasks = [
            (
                _position(key),
                row.info(queue, TaskState.ACTIVE, archive_for=self._archive_for, holder=holders[row.id]),
            )
            for key, row in zip(order, map(TaskRow.of, found), strict=False)
            if row.message  # else it has ended meanwhile
        ]
        last = _position(order[len(found) - 1]) if found else None
        return Listed(tasks, last, has_more=len(found) < len(order))


def _position(key: tuple[float, str]) -> Position:
    since, task_id = key
    return f"{since:.0f}", task_id


def _since(holder: Holder) -> float:
    return inf if holder.started_at is None else round(holder.started_at.timestamp() * 1000)
