"""The outbox: tasks stored in the transaction of the data they belong to."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, null
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from internal.infrastructure.database.tables import outbox
from internal.infrastructure.task_codec import (
    EncodedTask,
    TaskCodec,
    TaskTransport,
    followers_to_json,
    options_to_json,
)
from internal.infrastructure.workflows import EncodingTaskPublisher
from internal.ports.clock import Clock
from internal.ports.tasks import (
    Task,
    TaskOptions,
    TaskReceipt,
    TaskState,
)

# How long the sweeper leaves a row to whoever has just stored, or tried to forward, it.
SWEEP_AFTER = timedelta(seconds=5)


class OutboxTaskPublisher(EncodingTaskPublisher):
    """The TaskPublisher of a unit of work: stores each task in the transaction of its connection."""

    def __init__(
        self,
        *,
        connection: AsyncConnection,
        codec: TaskCodec,
        transport: TaskTransport,
        clock: Clock,
        new_id: Callable[[], UUID],
    ) -> None:
        super().__init__(codec=codec, new_id=new_id)
        self._connection = connection
        self._transport = transport
        self._clock = clock
        self.stored: list[EncodedTask] = []

    async def _publish(self, tasks: Sequence[EncodedTask]) -> list[TaskReceipt]:
        self._transport.check(tasks)
        fresh = [task for task in tasks if task.options.task_id is None]
        if fresh:
            await self._connection.execute(_STORE, [_to_row(task) for task in fresh])
        named = [task for task in tasks if task.options.task_id and await self._store_named(task)]
        self.stored += fresh + named
        return [
            TaskReceipt(id=task.id, queue=task.options.queue, state=TaskState.STORED, duplicate=None)
            for task in tasks
        ]

    async def _store_named(self, task: EncodedTask) -> bool:
        """Whether the task was stored; it is not while one with its id is not done."""
        return bool((await self._connection.execute(_STORE_NAMED, _to_row(task))).rowcount)

    def _encode(self, task: Task, options: TaskOptions) -> EncodedTask:
        if options.delay is not None:  # a delay counts from now, not from when the row is forwarded
            options = replace(options, delay=None, process_at=self._clock.now() + options.delay)
        return replace(self._encode_follower(task, options), is_stored=True)


def _to_row(task: EncodedTask) -> dict[str, Any]:
    return {
        "id": task.id,
        "task_name": task.name,
        "payload": task.payload,
        "options": options_to_json(task.options),
        "followers": followers_to_json(task.followers),
    }


# The time is that of Postgres, as it is for the sweepers: a server's own clock may be off.
_STORE = insert(outbox).values(next_try_at=func.now() + SWEEP_AFTER)
_GIVEN = ("task_name", "payload", "options", "followers", "next_try_at")
# An id is free again when its task has ended.
_STORE_NAMED = _STORE.on_conflict_do_update(
    index_elements=[outbox.c.id],
    set_={
        **{name: _STORE.excluded[name] for name in _GIVEN},
        "created_at": func.now(),
        **dict.fromkeys(
            (
                "forwarded_at",
                "missing_since",
                "last_error",
                "last_error_at",
                "claimed_until",
                "completed_at",
                "closed_at",
                "succeeded",
            ),
            null(),
        ),
    },
    where=outbox.c.closed_at.is_not(None),
)
