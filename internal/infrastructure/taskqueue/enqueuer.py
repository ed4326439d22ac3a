import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio

from internal.infrastructure.taskqueue import scripts
from internal.infrastructure.taskqueue.connection import Wire, translated_outages
from internal.ports.tasks import TaskState

# As `publish.lua` takes it: queue, id, message, delay and deadline in ms from now.
Entry = tuple[str, str, Any, int, int]


@dataclass(frozen=True, slots=True)
class Stored:
    state: TaskState
    was_there: bool


class Enqueuer:
    """Stores tasks with one call at a time: what comes meanwhile goes together with the next.

    So a server that is busy, or a Redis that is slow, sends fewer and larger calls, and a Redis that does
    not answer holds one connection and no thread.
    """

    def __init__(self, pool: redis.asyncio.ConnectionPool, *, namespace: str, timeout: float) -> None:
        self._wire = Wire(pool, timeout=timeout)
        self._namespace = namespace
        self._waiting: list[tuple[Entry, asyncio.Future[Stored]]] = []
        self._storing: asyncio.Task[None] | None = None

    async def store(self, entries: Sequence[Entry]) -> list[Stored]:
        """Raise Unavailable if Redis does not confirm; then some of the tasks may be stored."""
        loop = asyncio.get_running_loop()
        waiting: list[tuple[Entry, asyncio.Future[Stored]]] = [
            (entry, loop.create_future()) for entry in entries
        ]
        self._waiting.extend(waiting)
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store())
        return await asyncio.gather(*(future for _, future in waiting))

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        """The ids of those, given as (queue, id), that are there in whatever state. Raises Unavailable."""
        with translated_outages():
            found = await scripts.EXIST.call(self._wire, self._namespace, tasks)
        return {task_id for (_, task_id), is_there in zip(tasks, found, strict=True) if is_there}

    async def close(self) -> None:
        if self._storing:
            await self._storing
        await self._wire.close()

    async def _store(self) -> None:
        while self._waiting:
            batch, self._waiting = (
                self._waiting[: scripts.MOST_AT_ONCE],
                self._waiting[scripts.MOST_AT_ONCE :],
            )
            wanted = [item for item in batch if not item[1].done()]  # some have given up
            if not wanted:
                continue
            try:
                with translated_outages():
                    reply = await scripts.PUBLISH.call(
                        self._wire, self._namespace, [entry for entry, _ in wanted]
                    )
            except Exception as error:  # noqa: BLE001 - it belongs to those who wait
                for _, future in wanted:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), (state, was_there) in zip(wanted, reply, strict=True):
                    if not future.done():
                        future.set_result(Stored(TaskState(state.decode()), bool(was_there)))
