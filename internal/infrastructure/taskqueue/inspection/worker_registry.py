"""What the workers have written down of themselves."""

from collections.abc import Sequence

import msgspec
import redis.asyncio

from internal.infrastructure.taskqueue.connections.connection import PooledConnection, translated_outages
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.redis_time import to_moment
from internal.ports.task_snapshots import RunningTask, WorkerInfo


class WorkerRegistry:
    def __init__(self, client: redis.asyncio.Redis, *, namespace: str) -> None:
        self._connection = PooledConnection(client)
        self._namespace = namespace

    async def workers(self) -> Sequence[WorkerInfo]:
        """Those that were heard within their lease. Raises Unavailable."""
        with translated_outages():
            rows = await scripts.WORKERS.call(self._connection, self._namespace, [])
        return [_worker(worker_id, fields) for worker_id, fields in rows]

    async def workers_on(self, host: str) -> Sequence[WorkerInfo]:
        """Those of one host, by their process ids. Raises Unavailable."""
        return sorted(
            (worker for worker in await self.workers() if worker.host == host), key=lambda worker: worker.pid
        )


def _worker(worker_id: bytes, fields: Sequence[bytes]) -> WorkerInfo:
    card = dict(zip(fields[::2], fields[1::2], strict=True))
    heard = int(card[b"heard"])
    return WorkerInfo(
        id=worker_id.decode(),
        host=card[b"host"].decode(),
        pid=int(card[b"pid"]),
        started_at=to_moment(int(card.get(b"started", heard))),  # the first word does not tell yet
        heard_at=to_moment(heard),
        concurrency=int(card[b"concurrency"]),
        queues=msgspec.json.decode(card[b"queues"]),
        is_strict=card[b"strict"] == b"1",
        is_draining=card[b"draining"] == b"1",
        waits_for=card.get(b"waits_for", b"").decode() or None,
        running=[_running(*row) for row in msgspec.json.decode(card.get(b"running", b"[]"))],
    )


def _running(task_id: str, queue: str, name: str, started: int, deadline: int | None) -> RunningTask:
    return RunningTask(
        id=task_id,
        queue=queue,
        name=name,
        started_at=to_moment(started),
        deadline=None if deadline is None else to_moment(deadline),
    )
