"""The outbox: tasks that are stored in the transaction of their data."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Unpack
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import bindparam, func, literal_column, null, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from internal.infrastructure.database.direct_statement import DirectStatement
from internal.infrastructure.database.outbox.json_columns import followers_to_json, options_to_json
from internal.infrastructure.database.outbox.user_tasks import SUBJECT_ID, about
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.tasks.encoded_task import EncodedTask
from internal.infrastructure.tasks.task_encoder import TaskEncoder
from internal.infrastructure.tasks.transport import TaskTransport
from internal.ports.tasks import (
    Publication,
    Task,
    TaskOverrides,
    TaskReceipt,
    TaskState,
    with_options,
)
from internal.ports.user_tasks import subject_of

# How long the sweepers leave a row to the process that has just stored it or tried to enqueue its task.
SWEEP_AFTER = timedelta(seconds=5)


class OutboxTaskPublisher:
    """The TaskPublisher of a unit of work: stores each task in the transaction of its connection."""

    def __init__(
        self, *, connection: AsyncConnection, encoder: TaskEncoder, transport: TaskTransport
    ) -> None:
        self._connection = connection
        self._encoder = encoder
        self._transport = transport
        self.stored: list[EncodedTask] = []

    async def publish(self, task: Task, **overrides: Unpack[TaskOverrides]) -> TaskReceipt:
        [receipt] = await self.publish_many([(task, task.task_options.override(overrides))])
        return receipt

    async def publish_many(self, tasks: Sequence[Publication]) -> list[TaskReceipt]:
        subjects = [subject_of(*_tasks(each)) for each in tasks]
        return await self._store(self._encoder.encode_many(tasks), subjects)

    async def publish_chain(
        self, steps: Sequence[Publication], *, on_failure: Publication | None = None
    ) -> TaskReceipt:
        subject = subject_of(*_tasks(*steps, on_failure))
        [receipt] = await self._store([self._encoder.encode_chain(steps, on_failure=on_failure)], [subject])
        return receipt

    async def publish_group(
        self,
        tasks: Sequence[Publication],
        *,
        then: Publication | None = None,
        on_failure: Publication | None = None,
    ) -> list[TaskReceipt]:
        subjects = [subject_of(*_tasks(each, then, on_failure)) for each in tasks]
        encoded = self._encoder.encode_group(tasks, then=then, on_failure=on_failure)
        return await self._store(encoded, subjects)

    async def _store(
        self, tasks: Sequence[EncodedTask], subjects: Sequence[UUID | str | None]
    ) -> list[TaskReceipt]:
        self._transport.check(tasks)
        rows = [_to_row(task, subject) for task, subject in zip(tasks, subjects, strict=True)]
        if fresh := [row for task, row in zip(tasks, rows, strict=True) if task.options.task_id is None]:
            await self._store_fresh(fresh)
        receipts = []
        for task, row in zip(tasks, rows, strict=True):
            there = await self._store_named(task, row) if task.options.task_id else None
            if there is None:
                self.stored.append(task)
            receipts.append(there or _receipt(task.id, task.options.queue, duplicate=None))
        return receipts

    async def _store_fresh(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if len(rows) > 1:
            await self._connection.execute(_STORE, rows)
        else:
            json = {name: None if rows[0][name] is None else Jsonb(rows[0][name]) for name in _JSON}
            await _STORE_ONE.rows(self._connection, {**rows[0], **json})

    async def _store_named(self, task: EncodedTask, row: Mapping[str, Any]) -> TaskReceipt | None:
        """Store a task with a chosen id, or return the receipt of the open row that has this id."""
        if await self._connection.scalar(_STORE_NAMED, row):
            return None
        queue = await self._connection.scalar(_QUEUE, {"id": task.id})
        return _receipt(task.id, queue or task.options.queue, duplicate=True)


def _receipt(task_id: str, queue: str, *, duplicate: bool | None) -> TaskReceipt:
    return TaskReceipt(id=task_id, queue=queue, state=TaskState.STORED, duplicate=duplicate)


def _tasks(*publications: Publication | None) -> list[Task]:
    """The tasks of those that are given, without their options."""
    return [task for task, _ in with_options([each for each in publications if each])]


def _to_row(task: EncodedTask, subject: UUID | str | None) -> dict[str, Any]:
    return {
        **about(subject),
        "id": task.id,
        "task_name": task.name,
        "payload": task.payload,
        "options": options_to_json(task.options),
        "followers": followers_to_json(task.followers),
    }


# Postgres' time, which the sweepers use too: the clock of a server may be wrong.
_STORE = insert(outbox).values(next_try_at=func.now() + SWEEP_AFTER, subject_id=SUBJECT_ID)
_JSON = ("payload", "options", "followers")
_STORE_ONE = DirectStatement(_STORE.values({name: bindparam(name) for name in ("id", "task_name", *_JSON)}))
_GIVEN = ("task_name", "payload", "options", "followers", "next_try_at", "subject_id")
_QUEUE = select(outbox.c.options["queue"].as_string()).where(outbox.c.id == bindparam("id"))
# An id is free again when its task has ended. If Redis still has that task, its row is restored later.
_STORE_NAMED = _STORE.on_conflict_do_update(
    index_elements=[outbox.c.id],
    set_={
        **{name: _STORE.excluded[name] for name in _GIVEN},
        "replaced": literal_column("to_jsonb(outbox.*) - 'replaced'"),
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
).returning(outbox.c.id)
