import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
import redis.asyncio
from dramatiq.errors import DecodeError

from internal.infrastructure.taskqueue.connections.connection import (
    DedicatedConnection,
    impatient,
    repeated,
    translated_outages,
)
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.any_bytes import decoded
from internal.infrastructure.taskqueue.protocol.attempt_note import decode_note
from internal.infrastructure.taskqueue.protocol.encoder import JSONEncoder
from internal.ports.task_inspector import TaskNotFound
from internal.ports.task_results import NotEnded, TaskResult
from internal.ports.tasks import TaskState

# Seconds between two reads, in case a broken connection loses the announcement.
POLL_INTERVAL = 1.0

_decode = JSONEncoder().decode


@dataclass(frozen=True, slots=True)
class _Lookup:
    """`is_retained`: the task is kept after its end."""

    result: TaskResult
    is_retained: bool


class RedisTaskResults:
    """Reads tasks over one connection. Each wait subscribes to the end of its task over another one."""

    def __init__(
        self, client: redis.asyncio.Redis, pool: redis.asyncio.ConnectionPool, *, namespace: str
    ) -> None:
        self._client = client
        self._connection = DedicatedConnection(pool, patience=impatient())
        self._namespace = namespace

    async def result(self, queue: str, task_id: str) -> TaskResult:
        if found := await self._read(queue, task_id):
            return found.result
        raise TaskNotFound(f"no task {task_id!r} on queue {queue!r}")

    async def wait(self, queue: str, task_id: str, *, within: timedelta) -> TaskResult:
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self._until_ended(queue, task_id)
        except TimeoutError:
            pass
        result = await self.result(queue, task_id)
        if not result.has_ended:
            raise NotEnded(f"task {task_id!r} has not ended within {within.total_seconds()} s")
        return result

    async def close(self) -> None:
        await self._connection.close()

    async def _until_ended(self, queue: str, task_id: str) -> None:
        """Return when the task has ended, or when a task that existed is gone."""
        existed = False
        with translated_outages():
            async with self._client.pubsub() as announcements:
                await announcements.subscribe(f"{self._namespace}:ended:{queue}:{task_id}")
                while True:
                    found = await self._read(queue, task_id)
                    if found.result.has_ended if found else existed:
                        return
                    if found and not found.is_retained:
                        raise ValueError(f"cannot wait for task {task_id!r}: it has no retention")
                    existed = found is not None
                    await announcements.get_message(timeout=POLL_INTERVAL)

    async def _read(self, queue: str, task_id: str) -> _Lookup | None:
        with translated_outages():
            found = await repeated(
                lambda: scripts.RESULT.call(self._connection, self._namespace, (queue, task_id))
            )
        if found is None:
            return None
        state, message, value, note = found
        result = TaskResult(
            state=TaskState(state.decode()),
            value=None if value is None else decoded(msgspec.json.decode, value),
            error=None if note is None else decode_note(note).error,
        )
        return _Lookup(result, is_retained=bool(_options_of(message).get("retention")))


def _options_of(message: bytes) -> dict[str, Any]:
    try:
        options = _decode(message).get("options")
    except DecodeError:
        return {}
    return options if isinstance(options, dict) else {}
