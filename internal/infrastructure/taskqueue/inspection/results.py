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
from internal.infrastructure.taskqueue.protocol.encoder import JSONEncoder
from internal.ports.task_inspector import TaskNotFound
from internal.ports.task_results import NotEnded, TaskResult
from internal.ports.tasks import TaskState

LOOK_EVERY = 1.0  # second; the end is announced, unless the connection breaks just then

_decode = JSONEncoder().decode


@dataclass(frozen=True, slots=True)
class _Found:
    result: TaskResult
    is_kept: bool  # when it has ended


class RedisTaskResults:
    """Looks at tasks over one connection; each wait has another, on which the task's end is announced."""

    def __init__(
        self, client: redis.asyncio.Redis, pool: redis.asyncio.ConnectionPool, *, namespace: str
    ) -> None:
        self._client = client
        self._wire = DedicatedConnection(pool, patience=impatient())
        self._namespace = namespace

    async def result(self, queue: str, task_id: str) -> TaskResult:
        if found := await self._look(queue, task_id):
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
        await self._wire.close()

    async def _until_ended(self, queue: str, task_id: str) -> None:
        """Return also when a task that was there is gone."""
        was_there = False
        with translated_outages():
            async with self._client.pubsub() as announcements:
                await announcements.subscribe(f"{self._namespace}:ended:{queue}:{task_id}")
                while True:
                    found = await self._look(queue, task_id)
                    if found.result.has_ended if found else was_there:
                        return
                    if found and not found.is_kept:
                        raise ValueError(f"task {task_id!r} leaves nothing to wait for: it has no retention")
                    was_there = found is not None
                    await announcements.get_message(timeout=LOOK_EVERY)

    async def _look(self, queue: str, task_id: str) -> _Found | None:
        with translated_outages():
            found = await repeated(lambda: scripts.RESULT.call(self._wire, self._namespace, (queue, task_id)))
        if found is None:
            return None
        state, message, value, note = found
        result = TaskResult(
            state=TaskState(state.decode()),
            value=None if value is None else msgspec.json.decode(value),
            error=None if note is None else error_in(note),
        )
        return _Found(result, is_kept=bool(_options_of(message).get("retention")))


def error_in(note: bytes) -> str:
    """The error in what was written down of a failed attempt."""
    try:
        return str(msgspec.json.decode(note)["error"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        return note.decode(errors="replace")


def _options_of(message: bytes) -> dict[str, Any]:
    try:
        options = _decode(message).get("options")
    except DecodeError:
        return {}
    return options if isinstance(options, dict) else {}
