"""Reads which tasks have failed and how, without their messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import redis.asyncio

from internal.infrastructure.taskqueue.connections.connection import PooledConnection, translated_outages
from internal.infrastructure.taskqueue.inspection.cursors import Position
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.any_bytes import lossless, readable
from internal.infrastructure.taskqueue.protocol.attempt_note import decode_note
from internal.infrastructure.taskqueue.protocol.failure_mark import FailureMark, decode_mark, mark_of
from internal.ports.tasks import TaskState

# The states of failed tasks. Both have one sorted set of the same name.
FAILED_IN = (TaskState.RETRY, TaskState.ARCHIVED)
# Tasks per call. A call blocks Redis for 4 to 5 us for each.
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class FailedTask:
    """`queue` and `id` are as `lossless` decodes them. `at` is the time of the failure in ms since 1970."""

    queue: str
    state: TaskState
    id: str
    score: str
    mark: FailureMark
    at: int


@dataclass(frozen=True, slots=True)
class ScannedFailures:
    """`looked_at` tasks, of which some have failed. `last` is the position of the last of them.

    now: ms since 1970, on Redis' clock.
    """

    now: int
    tasks: Sequence[FailedTask]
    looked_at: int
    last: Position | None
    has_more: bool


class FailureScanner:
    def __init__(self, client: redis.asyncio.Redis, *, namespace: str) -> None:
        self._connection = PooledConnection(client)
        self._namespace = namespace

    async def sizes(self) -> dict[tuple[str, TaskState], int]:
        """The number of tasks in the states of failed tasks, if there are any. Raise Unavailable."""
        with translated_outages():
            rows = await scripts.QUEUES.call(self._connection, self._namespace, [])
        found = {}
        for name, _, sizes, *_ in rows:
            by_set = dict(zip(sizes[::2], sizes[1::2], strict=True))
            for state in FAILED_IN:
                if size := by_set.get(state.encode()):
                    found[lossless(name), state] = size
        return dict(sorted(found.items()))

    async def read(
        self, queue: str, state: TaskState, *, newest_first: bool, after: Position | None, count: int
    ) -> ScannedFailures:
        """Read at most AT_ONCE tasks after a position. Raise Unavailable."""
        score, task_id = after or ("", "")
        request = (queue, state, int(newest_first), score, task_id, min(count, AT_ONCE))
        with translated_outages():
            now, rows, more = await scripts.FAILURES.call(self._connection, self._namespace, request)
        return ScannedFailures(
            now=now,
            tasks=[task for row in rows if (task := _failed_task(queue, state, row))],
            looked_at=len(rows),
            last=(rows[-1][1].decode(), lossless(rows[-1][0])) if rows else None,
            has_more=bool(more),
        )

    async def errors(self, tasks: Sequence[FailedTask]) -> Sequence[str | None]:
        """Read the errors of these tasks; None for one that is gone. Raise Unavailable."""
        request = [(task.queue, task.id, str(task.at)) for task in tasks]
        with translated_outages():
            notes = await scripts.FAILURE_NOTES.call(self._connection, self._namespace, request)
        return [decode_note(note).error if note else None for note in notes]


def _failed_task(queue: str, state: TaskState, row: Sequence[Any]) -> FailedTask | None:
    """None: an operator has archived a task that never failed."""
    task_id, score, mark, at, name, error = row
    if not at:
        return None
    return FailedTask(queue, state, lossless(task_id), score.decode(), _mark(mark, name, error), int(at))


def _mark(mark: bytes, name: bytes, error: bytes) -> FailureMark:
    """A version without marks leaves the name and the type of the error, and no frame."""
    try:
        return decode_mark(mark)
    except msgspec.DecodeError:
        return mark_of(readable(name), readable(error), "")
