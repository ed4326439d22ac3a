import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any

import redis.asyncio
from redis import exceptions

from internal.infrastructure.taskqueue.connections.connection import (
    OUTAGES,
    Severed,
    Wire,
    impatient,
    repeated,
    translated_outages,
)
from internal.infrastructure.taskqueue.connections.error_reasons import is_refusal
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.stored_message import Entry, is_simple, size_of
from internal.infrastructure.tasks.codec import TaskRefused
from internal.ports.tasks import TaskState

CLOSE_WITHIN = 1.0  # seconds

_SENT: list[Any] = [(b"pending", 0)]

_Part = tuple[Sequence[Entry], int]  # its size in bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """The task that is there now: `was_there` already if it is not the one that was to be stored."""

    state: TaskState
    id: str
    queue: str
    was_there: bool


@dataclass(frozen=True, slots=True)
class _Request:
    entries: Sequence[Entry]
    size: int  # bytes
    answer: asyncio.Future[list[Stored]]


class Enqueuer:
    """Stores tasks with one call at a time: what comes meanwhile goes together with the next.

    So a server that is busy, or a Redis that is slow, sends fewer and larger calls, and a Redis that does
    not answer holds one connection and no thread.
    """

    def __init__(self, pool: redis.asyncio.ConnectionPool, *, namespace: str) -> None:
        self._wire = Wire(pool, patience=impatient())
        self._namespace = namespace
        self._waiting: deque[_Request] = deque()
        self._storing: asyncio.Task[None] | None = None

    async def store(self, entries: Sequence[Entry]) -> list[Stored]:
        """Store tasks in order, in as many calls as it takes.

        Raises:
            TaskRefused: Redis can never take one of them; some of the others may be stored.
            Unavailable: Redis does not confirm; some of the tasks may be stored.
        """
        stored: list[Stored] = []
        for part, size in _parts(entries):
            stored += await self._request(part, size)
        return stored

    async def _request(self, entries: Sequence[Entry], size: int) -> list[Stored]:
        request = _Request(entries, size, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store(), context=Context())
        return await request.answer

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        """The ids of those, given as (queue, id), that are there in whatever state.

        Raises:
            TaskRefused: Redis rejects the lookup of one of them.
            Unavailable: Redis does not answer.
        """
        with translated_outages():
            try:
                found = await repeated(lambda: scripts.EXIST.call(self._wire, self._namespace, tasks))
            except exceptions.ResponseError as error:
                if is_refusal(error):
                    raise TaskRefused("Redis refuses it") from error
                raise
        return {task_id for (_, task_id), is_there in zip(tasks, found, strict=True) if is_there}

    async def close(self) -> None:
        if self._storing:
            await asyncio.wait([self._storing], timeout=CLOSE_WITHIN)
            self._storing.cancel()
        await self._wire.close()

    async def _store(self) -> None:
        while requests := self._next_requests():
            await self._answer(requests)

    async def _answer(self, requests: Sequence[_Request]) -> None:
        """Store what they ask for together; what Redis refuses is the fault of one of them alone."""
        try:
            reply = iter(await self._call([entry for request in requests for entry in request.entries]))
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait
            if isinstance(error, TaskRefused) and len(requests) > 1:
                for request in requests:
                    await self._answer([request])
                return
            for request in requests:
                if not request.answer.done():
                    request.answer.set_exception(error)
        else:
            for request in requests:
                stored = [_stored(entry, *next(reply)) for entry in request.entries]
                if not request.answer.done():
                    request.answer.set_result(stored)

    async def _call(self, entries: Sequence[Entry]) -> list[Any]:
        with translated_outages():
            try:
                return await self._send(entries)
            except (TypeError, ValueError, OverflowError) as error:
                raise TaskRefused(f"it cannot be encoded ({type(error).__name__})") from error
            except exceptions.ResponseError as error:
                if is_refusal(error):
                    raise TaskRefused("Redis refuses it") from error
                raise
            except (exceptions.ConnectionError, exceptions.TimeoutError, OSError) as error:
                if sum(map(size_of, entries)) > scripts.CALL_BYTES and await self._answers():
                    raise TaskRefused("Redis does not take so large a task") from error
                raise

    async def _answers(self) -> bool:
        """Whether Redis can be reached after all."""
        try:
            return bool(await self._wire.call("PING"))
        except OUTAGES:
            return False

    async def _send(self, entries: Sequence[Entry]) -> list[Any]:
        """What `publishing.lua` returns. A task that is there the second time was stored the first time."""
        try:
            return await self._send_once(entries)
        except Severed:
            reply = await self._send_once(entries)
        return [
            stored if stored[-1] != entry[1].encode() else (stored[0], 0)
            for entry, stored in zip(entries, reply, strict=True)
        ]

    async def _send_once(self, entries: Sequence[Entry]) -> list[Any]:
        """What `publishing.lua` returns; one simple task takes a shorter way, unless its id is there."""
        is_alone = len(entries) == 1 and is_simple(entries[0])
        if is_alone and await scripts.SEND.call(self._wire, self._namespace, entries[0][:3]):
            return _SENT
        reply: list[Any] = await scripts.PUBLISH.call(self._wire, self._namespace, entries)
        return reply

    def _next_requests(self) -> list[_Request]:
        """As many as one call may store; those who have given up meanwhile leave the line."""
        requests: list[_Request] = []
        room, bytes_left = scripts.MOST_AT_ONCE, scripts.CALL_BYTES
        while self._waiting:
            request = self._waiting[0]
            if requests and (len(request.entries) > room or request.size > bytes_left):
                break
            self._waiting.popleft()
            if not request.answer.done():
                requests.append(request)
                room, bytes_left = room - len(request.entries), bytes_left - request.size
        return requests


def _parts(entries: Sequence[Entry]) -> Iterator[_Part]:
    """As few parts as possible, each for one call."""
    part: list[Entry] = []
    size = 0
    for entry in entries:
        more = size_of(entry)
        if part and (len(part) == scripts.MOST_AT_ONCE or size + more > scripts.CALL_BYTES):
            yield part, size
            part, size = [], 0
        part.append(entry)
        size += more
    if part:
        yield part, size


def _stored(entry: Entry, state: bytes, was_there: int, other: bytes = b"", queue: bytes = b"") -> Stored:
    return Stored(
        state=TaskState(state.decode()),
        id=other.decode() or entry[1],
        queue=queue.decode() or entry[0],
        was_there=bool(was_there),
    )
