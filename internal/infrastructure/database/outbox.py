"""The outbox: tasks stored with the data they belong to, and forwarded once that is committed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Unpack
from uuid import UUID

import structlog
from sqlalchemy import Row, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.task_codec import (
    EncodedTask,
    InvalidPayload,
    TaskCodec,
    TaskTransport,
    options_from_json,
    options_to_json,
)
from internal.ports.clock import Clock
from internal.ports.tasks import Task, TaskOptions, TaskOverrides, TaskReceipt, TaskState, with_options
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

# A request waits this long for its tasks to be forwarded before it leaves them to the sweeper. The promise
# is 250 ms; what remains is for the answer to get out.
FORWARD_WITHIN = timedelta(milliseconds=200)
# How long the sweeper leaves a row to whoever has just stored, or tried to forward, it.
SWEEP_AFTER = timedelta(seconds=5)
SWEEP_EVERY = timedelta(seconds=1)
SWEEP_BATCH = 100
MARK_EVERY = timedelta(milliseconds=100)


class OutboxTaskPublisher:
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
        self._connection = connection
        self._codec = codec
        self._transport = transport
        self._clock = clock
        self._new_id = new_id
        self.stored: list[EncodedTask] = []

    async def publish(self, task: Task, **overrides: Unpack[TaskOverrides]) -> TaskReceipt:
        [receipt] = await self.publish_many([(task, task.task_options.override(overrides))])
        return receipt

    async def publish_many(self, tasks: Sequence[Task | tuple[Task, TaskOptions]]) -> list[TaskReceipt]:
        encoded = [self._encode(task, options) for task, options in with_options(tasks)]
        if encoded:
            await self._connection.execute(_STORE, [_to_row(task) for task in encoded])
            self.stored.extend(encoded)
        return [
            TaskReceipt(id=task.id, queue=task.options.queue, state=TaskState.STORED, duplicate=None)
            for task in encoded
        ]

    def _encode(self, task: Task, options: TaskOptions) -> EncodedTask:
        self._transport.check(options)
        if options.delay is not None:  # a delay counts from now, not from when the row is forwarded
            options = replace(options, delay=None, process_at=self._clock.now() + options.delay)
        return self._codec.encode(task, task_id=str(self._new_id()), options=options)


class OutboxRelay:
    """Forwards committed rows to the task queue: at once after a commit, and by sweeping what was left."""

    def __init__(self, *, engine: AsyncEngine, transport: TaskTransport) -> None:
        self._engine = engine
        self._transport = transport
        self._forwarded: list[str] = []
        self._marking: asyncio.Task[None] | None = None

    async def forward_now(self, tasks: Sequence[EncodedTask]) -> None:
        """Try once, for FORWARD_WITHIN at most. Never raises for an outage: the sweeper has the rows."""
        try:
            async with asyncio.timeout(FORWARD_WITHIN.total_seconds()):
                await self._transport.send(tasks)
        except (TimeoutError, Unavailable) as error:
            log.warning("outbox.left_to_sweeper", tasks=len(tasks), reason=type(error).__name__)
        else:
            self._mark_soon(tasks)

    async def close(self) -> None:
        """Wait until what was forwarded is marked so."""
        if self._marking:
            await self._marking

    async def run(self) -> None:
        """Sweep until cancelled, whatever goes wrong: nobody would notice a sweeper that has ended."""
        while True:
            try:
                while await self.sweep() == SWEEP_BATCH:
                    pass
            except Unavailable as error:
                log.warning("outbox.sweep_failed", reason=str(error))
            except Exception:
                log.exception("outbox.sweep_failed")
            await asyncio.sleep(SWEEP_EVERY.total_seconds())

    async def sweep(self) -> int:
        """Forward rows that nobody has forwarded in time, and return how many there were.

        The rows are taken by moving their next try, so that no row lock is held over the call to Redis
        and two sweepers never take the same row.
        """
        tasks = await self._take_due()
        if tasks:
            await self._transport.send(tasks)
            await self._mark_forwarded([task.id for task in tasks])
            log.info("outbox.swept", tasks=len(tasks))
        return len(tasks)

    def _mark_soon(self, tasks: Sequence[EncodedTask]) -> None:
        """Mark in batches: a row left unmarked by a crash is forwarded twice, which handlers stand."""
        self._forwarded.extend(task.id for task in tasks)
        if self._marking is None or self._marking.done():
            self._marking = asyncio.create_task(self._mark_batch())

    async def _mark_batch(self) -> None:
        while self._forwarded:  # more may have come while a batch was being marked
            await asyncio.sleep(MARK_EVERY.total_seconds())
            batch, self._forwarded = self._forwarded, []
            try:
                await self._mark_forwarded(batch)
            except Unavailable as error:
                log.warning("outbox.not_marked", tasks=len(batch), reason=str(error))

    async def _take_due(self) -> list[EncodedTask]:
        with translated_outages():
            async with self._engine.begin() as connection:
                rows = (await connection.execute(_TAKE_DUE)).all()
        return [task for row in rows if (task := _to_task(row))]

    async def _mark_forwarded(self, ids: Sequence[str]) -> None:
        with translated_outages():
            async with self._engine.begin() as connection:
                await connection.execute(_MARK_FORWARDED, {"ids": ids})


def _to_row(task: EncodedTask) -> dict[str, Any]:
    return {
        "id": task.id,
        "task_name": task.name,
        "payload": task.payload,
        "options": options_to_json(task.options),
    }


def _to_task(row: Row[tuple[str, str, Any, Any]]) -> EncodedTask | None:
    """None for a row that cannot be read: it is reported, and must not hold up the others."""
    try:
        options = options_from_json(row.options)
    except InvalidPayload as error:
        log.error("outbox.unreadable_row", task_id=row.id, reason=str(error))  # noqa: TRY400 - it says enough
        return None
    return EncodedTask(id=row.id, name=row.task_name, payload=row.payload, options=options)


# The time is that of Postgres, as it is for the sweepers: a server's own clock may be off.
_STORE = insert(outbox).values(next_try_at=func.now() + SWEEP_AFTER)
_TAKE_DUE = (
    update(outbox)
    .where(
        outbox.c.id.in_(
            select(outbox.c.id)
            .where(outbox.c.forwarded_at.is_(None), outbox.c.next_try_at <= func.now())
            .order_by(outbox.c.next_try_at)
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
    )
    .values(next_try_at=func.now() + SWEEP_AFTER)
    .returning(outbox.c.id, outbox.c.task_name, outbox.c.payload, outbox.c.options)
)
_MARK_FORWARDED = (
    update(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True))).values(forwarded_at=func.now())
)
