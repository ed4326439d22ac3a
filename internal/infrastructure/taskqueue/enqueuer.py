import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio

from internal.infrastructure.taskqueue import scripts
from internal.infrastructure.taskqueue.connection import Wire, translated_outages
from internal.infrastructure.taskqueue.entries import Entry, is_simple
from internal.ports.tasks import TaskState

_SENT: list[Any] = [(b"pending", 0)]


@dataclass(frozen=True, slots=True)
class Stored:
    """The task that is there now: `was_there` already if it is not the one that was to be stored."""

    state: TaskState
    id: str
    was_there: bool


@dataclass(frozen=True, slots=True)
class _Request:
    entries: Sequence[Entry]
    answer: asyncio.Future[list[Stored]]


class Enqueuer:
    """Stores tasks with one call at a time: what comes meanwhile goes together with the next.

    So a server that is busy, or a Redis that is slow, sends fewer and larger calls, and a Redis that does
    not answer holds one connection and no thread.
    """

    def __init__(self, pool: redis.asyncio.ConnectionPool, *, namespace: str, timeout: float) -> None:
        self._wire = Wire(pool, timeout=timeout)
        self._namespace = namespace
        self._waiting: deque[_Request] = deque()
        self._storing: asyncio.Task[None] | None = None

    async def store(self, entries: Sequence[Entry]) -> list[Stored]:
        """Raise Unavailable if Redis does not confirm; then some of the tasks may be stored."""
        stored: list[Stored] = []
        for first in range(0, len(entries), scripts.MOST_AT_ONCE):
            stored += await self._request(entries[first : first + scripts.MOST_AT_ONCE])
        return stored

    async def _request(self, entries: Sequence[Entry]) -> list[Stored]:
        request = _Request(entries, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store())
        return await request.answer

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
        while requests := self._next_requests():
            entries = [entry for request in requests for entry in request.entries]
            try:
                with translated_outages():
                    reply = iter(await self._send(entries))
            except Exception as error:  # noqa: BLE001 - it belongs to those who wait
                for request in requests:
                    if not request.answer.done():
                        request.answer.set_exception(error)
            else:
                for request in requests:
                    stored = [_stored(entry, *next(reply)) for entry in request.entries]
                    if not request.answer.done():
                        request.answer.set_result(stored)

    async def _send(self, entries: Sequence[Entry]) -> list[Any]:
        """What `publishing.lua` returns; one simple task takes a shorter way, unless its id is there."""
        is_alone = len(entries) == 1 and is_simple(entries[0])
        if is_alone and await scripts.SEND.call(self._wire, self._namespace, entries[0][:3]):
            return _SENT
        reply: list[Any] = await scripts.PUBLISH.call(self._wire, self._namespace, entries)
        return reply

    def _next_requests(self) -> list[_Request]:
        """As many as one call may store; those who have given up meanwhile leave the line."""
        requests: list[_Request] = []
        room = scripts.MOST_AT_ONCE
        while self._waiting and len(self._waiting[0].entries) <= room:
            request = self._waiting.popleft()
            if not request.answer.done():
                requests.append(request)
                room -= len(request.entries)
        return requests


def _stored(entry: Entry, state: bytes, was_there: int, other: bytes = b"") -> Stored:
    return Stored(TaskState(state.decode()), other.decode() if was_there else entry[1], bool(was_there))
