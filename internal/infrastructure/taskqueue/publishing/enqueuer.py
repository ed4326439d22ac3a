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
    DedicatedConnection,
    Severed,
    impatient,
    repeated,
    translated_outages,
)
from internal.infrastructure.taskqueue.connections.redis_errors import is_refusal
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.stored_message import StoredMessage
from internal.infrastructure.tasks.transport import TaskRefused
from internal.ports.tasks import TaskState

CLOSE_WITHIN = 1.0  # seconds

_SENT: list[Any] = [(b"pending", 0)]

_Part = tuple[Sequence[StoredMessage], int]  # its size in bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """The task that Redis has now. `was_there` is true if nothing was stored because of that task."""

    state: TaskState
    id: str
    queue: str
    was_there: bool


@dataclass(frozen=True, slots=True)
class _Request:
    messages: Sequence[StoredMessage]
    size: int  # bytes
    answer: asyncio.Future[list[Stored]]


class Enqueuer:
    """Stores tasks with one call at a time. Tasks that arrive during a call share the next one.

    So a busy server or a slow Redis means fewer and larger calls, and a Redis that does not answer blocks one
    connection and no thread.
    """

    def __init__(self, pool: redis.asyncio.ConnectionPool, *, namespace: str) -> None:
        self._wire = DedicatedConnection(pool, patience=impatient())
        self._namespace = namespace
        self._waiting: deque[_Request] = deque()
        self._storing: asyncio.Task[None] | None = None

    async def store(self, messages: Sequence[StoredMessage]) -> list[Stored]:
        """Store tasks in order, in as few calls as possible.

        Raises:
            TaskRefused: Redis can never store one of the tasks; some of the others may be stored.
            Unavailable: Redis did not confirm; some of the tasks may be stored.
        """
        stored: list[Stored] = []
        for part, size in _parts(messages):
            stored += await self._request(part, size)
        return stored

    async def _request(self, messages: Sequence[StoredMessage], size: int) -> list[Stored]:
        request = _Request(messages, size, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store(), context=Context())
        return await request.answer

    async def existing(self, tasks: Sequence[tuple[str, str]]) -> set[str]:
        """Return the ids of the tasks, given as (queue, id), that Redis has in any state.

        Raises:
            TaskRefused: Redis refuses to look up one of the tasks.
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
        """Store the messages of all requests. If Redis refuses them, store each request alone."""
        try:
            reply = iter(await self._call([message for request in requests for message in request.messages]))
        except Exception as error:  # noqa: BLE001 - the callers that wait get it
            if isinstance(error, TaskRefused) and len(requests) > 1:
                for request in requests:
                    await self._answer([request])
                return
            for request in requests:
                if not request.answer.done():
                    request.answer.set_exception(error)
        else:
            for request in requests:
                stored = [_stored(message, *next(reply)) for message in request.messages]
                if not request.answer.done():
                    request.answer.set_result(stored)

    async def _call(self, messages: Sequence[StoredMessage]) -> list[Any]:
        with translated_outages():
            try:
                return await self._send(messages)
            except (TypeError, ValueError, OverflowError) as error:
                raise TaskRefused(f"it cannot be encoded ({type(error).__name__})") from error
            except exceptions.ResponseError as error:
                if is_refusal(error):
                    raise TaskRefused("Redis refuses it") from error
                raise
            except (exceptions.ConnectionError, exceptions.TimeoutError, OSError) as error:
                if sum(message.size for message in messages) > scripts.CALL_BYTES and await self._answers():
                    raise TaskRefused("Redis does not take so large a task") from error
                raise

    async def _answers(self) -> bool:
        """Tell if Redis can be reached anyway."""
        try:
            return bool(await self._wire.call("PING"))
        except OUTAGES:
            return False

    async def _send(self, messages: Sequence[StoredMessage]) -> list[Any]:
        """Return the reply of `store_tasks.lua`. A retry that finds its own task had stored it before."""
        try:
            return await self._send_once(messages)
        except Severed:
            reply = await self._send_once(messages)
        return [
            stored if stored[-1] != message.task_id.encode() else (stored[0], 0)
            for message, stored in zip(messages, reply, strict=True)
        ]

    async def _send_once(self, messages: Sequence[StoredMessage]) -> list[Any]:
        """Return the reply of `store_tasks.lua`. One simple task with a new id takes a shorter script."""
        is_alone = len(messages) == 1 and messages[0].is_simple
        if is_alone and await scripts.SEND.call(self._wire, self._namespace, messages[0][:3]):
            return _SENT
        reply: list[Any] = await scripts.PUBLISH.call(self._wire, self._namespace, messages)
        return reply

    def _next_requests(self) -> list[_Request]:
        """Take the requests for one call. Skips requests whose caller has stopped waiting."""
        requests: list[_Request] = []
        room, bytes_left = scripts.MOST_AT_ONCE, scripts.CALL_BYTES
        while self._waiting:
            request = self._waiting[0]
            if requests and (len(request.messages) > room or request.size > bytes_left):
                break
            self._waiting.popleft()
            if not request.answer.done():
                requests.append(request)
                room, bytes_left = room - len(request.messages), bytes_left - request.size
        return requests


def _parts(messages: Sequence[StoredMessage]) -> Iterator[_Part]:
    """Split the messages into as few parts as possible, one for each call."""
    part: list[StoredMessage] = []
    size = 0
    for message in messages:
        more = message.size
        if part and (len(part) == scripts.MOST_AT_ONCE or size + more > scripts.CALL_BYTES):
            yield part, size
            part, size = [], 0
        part.append(message)
        size += more
    if part:
        yield part, size


def _stored(
    message: StoredMessage, state: bytes, was_there: int, other: bytes = b"", queue: bytes = b""
) -> Stored:
    return Stored(
        state=TaskState(state.decode()),
        id=other.decode() or message.task_id,
        queue=queue.decode() or message.queue,
        was_there=bool(was_there),
    )
