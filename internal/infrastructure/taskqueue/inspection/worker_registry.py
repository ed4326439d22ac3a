"""Reads the heartbeats of the workers."""

from collections.abc import Sequence

import msgspec
import redis.asyncio

from internal.infrastructure.taskqueue.connections.connection import PooledConnection, translated_outages
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.any_bytes import decoded, readable
from internal.infrastructure.taskqueue.protocol.redis_time import to_moment
from internal.ports.task_snapshots import RunningTask, WorkerInfo
from internal.ports.task_workers import WorkerNotFound, WorkerTooOld

# Replies of the script.
_NOT_UP, _TOO_OLD = -1, -2


class WorkerRegistry:
    def __init__(self, client: redis.asyncio.Redis, *, namespace: str) -> None:
        self._connection = PooledConnection(client)
        self._namespace = namespace

    async def workers(self) -> Sequence[WorkerInfo]:
        """The workers whose last heartbeat is within their lease. Raise Unavailable."""
        with translated_outages():
            rows = await scripts.WORKERS.call(self._connection, self._namespace, [])
        return [_worker(worker_id, fields) for worker_id, fields in rows]

    async def set_quiet(self, worker_id: str, *, quiet: bool) -> bool:
        """Return whether that is a change. Raise WorkerNotFound, WorkerTooOld, Unavailable."""
        with translated_outages():
            changed = await scripts.QUIET.call(self._connection, self._namespace, (worker_id, int(quiet)))
        if changed == _NOT_UP:
            raise WorkerNotFound(f"no worker {worker_id} is up")
        if changed == _TOO_OLD:
            raise WorkerTooOld(f"worker {worker_id} runs a version that cannot be made quiet")
        return bool(changed)

    async def workers_on(self, host: str) -> Sequence[WorkerInfo]:
        """The workers on a host, in the order of their process ids. Raise Unavailable."""
        return sorted(
            (worker for worker in await self.workers() if worker.host == host), key=lambda worker: worker.pid
        )


def _worker(worker_id: bytes, fields: Sequence[bytes]) -> WorkerInfo:
    heartbeat = dict(zip(fields[::2], fields[1::2], strict=True))
    heard = int(heartbeat[b"heard"])
    is_quiet = heartbeat.get(b"quiet") == b"1"
    # The first heartbeat has no start time.
    started = int(heartbeat.get(b"started", heard))
    return WorkerInfo(
        id=readable(worker_id),
        host=readable(heartbeat[b"host"]),
        pid=int(heartbeat[b"pid"]),
        started_at=to_moment(started),
        heard_at=to_moment(heard),
        concurrency=int(heartbeat[b"concurrency"]),
        queues=decoded(msgspec.json.decode, heartbeat[b"queues"]),
        is_strict=heartbeat[b"strict"] == b"1",
        # A quiet worker says that it drains, for readers of an older version.
        is_draining=heartbeat[b"draining"] == b"1" and not is_quiet,
        is_quiet=is_quiet,
        waits_for=readable(heartbeat.get(b"waits_for", b"")) or None,
        running=[_running(*row) for row in decoded(msgspec.json.decode, heartbeat.get(b"running", b"[]"))],
    )


def _running(task_id: str, queue: str, name: str, started: int, deadline: int | None) -> RunningTask:
    return RunningTask(
        id=task_id,
        queue=queue,
        name=name,
        started_at=to_moment(started),
        deadline=None if deadline is None else to_moment(deadline),
    )
