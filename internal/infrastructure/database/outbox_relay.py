"""From the outbox to the task queue: at once after a commit, by sweeping what was left, and what was lost."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Interval, Row, bindparam, func, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.outbox import SWEEP_AFTER
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.task_codec import (
    EncodedTask,
    InvalidPayload,
    TaskTransport,
    followers_from_json,
    options_from_json,
)
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

# A request waits this long for its tasks to be forwarded before it leaves them to the sweeper. The promise
# is 250 ms; what remains is for the answer to get out.
FORWARD_WITHIN = timedelta(milliseconds=200)
SWEEP_EVERY = timedelta(seconds=1)
SWEEP_BATCH = 100
MARK_EVERY = timedelta(milliseconds=100)
# A forwarded task that has not ended is looked for after this time, and then ever more rarely: it may be
# meant to wait for a month.
LOOK_AFTER = timedelta(seconds=30)
LOOK_AT_LEAST_EVERY = timedelta(hours=1)


class OutboxRelay:
    """Forwards committed rows to the task queue, and forwards again what the task queue has lost.

    Lost is what is not closed and was absent from the queue twice, SWEEP_AFTER apart: between ending in
    Redis and being closed here there is no moment, since closing comes first.
    """

    def __init__(self, *, engine: AsyncEngine, transport: TaskTransport) -> None:
        self._engine = engine
        self._transport = transport
        self._forwarded: list[str] = []
        self._duplicates: set[str] = set()
        self._marking: asyncio.Task[None] | None = None

    async def forward_now(self, tasks: Sequence[EncodedTask]) -> None:
        """Try once, for FORWARD_WITHIN at most. Never raises for an outage: the sweeper has the rows."""
        try:
            async with asyncio.timeout(FORWARD_WITHIN.total_seconds()):
                duplicates = await self._transport.send(tasks)
        except (TimeoutError, Unavailable) as error:
            log.warning("outbox.left_to_sweeper", tasks=len(tasks), reason=type(error).__name__)
        else:
            self._mark_soon(tasks, duplicates)

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
        """Forward rows that nobody has forwarded in time, or whose task is lost; return how many were due.

        The rows are taken by moving their next try, so that no row lock is held over the call to Redis
        and two sweepers never take the same row.
        """
        rows = await self._take_due()
        fresh = [row for row in rows if row.forwarded_at is None]
        lost = await self._lost_among([row for row in rows if row.forwarded_at is not None])
        tasks = [task for row in [*fresh, *lost] if (task := _to_task(row))]
        if tasks:
            duplicates = await self._transport.send(tasks)
            await self._mark([task.id for task in tasks], duplicates)
            log.info("outbox.swept", tasks=len(tasks), lost=len(lost))
        return len(rows)

    async def _lost_among(self, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        """Those that are absent for the second time; the others are looked for again later."""
        if not rows:
            return []
        existing = await self._transport.existing([(row.options.get("queue", ""), row.id) for row in rows])
        absent = [row for row in rows if row.id not in existing]
        if existing:
            await self._execute(_MARK_PRESENT, list(existing))
        if missed := [row.id for row in absent if row.missing_since is None]:
            await self._execute(_MARK_MISSING, missed)
        return [row for row in absent if row.missing_since is not None]

    def _mark_soon(self, tasks: Sequence[EncodedTask], duplicates: set[str]) -> None:
        """Mark in batches: a row left unmarked by a crash is forwarded twice, which the queue notices."""
        self._forwarded.extend(task.id for task in tasks)
        self._duplicates |= duplicates
        if self._marking is None or self._marking.done():
            self._marking = asyncio.create_task(self._mark_batch())

    async def _mark_batch(self) -> None:
        while self._forwarded:  # more may have come while a batch was being marked
            await asyncio.sleep(MARK_EVERY.total_seconds())
            batch, self._forwarded = self._forwarded, []
            duplicates, self._duplicates = self._duplicates, set()
            try:
                await self._mark(batch, duplicates)
            except Unavailable as error:
                log.warning("outbox.not_marked", tasks=len(batch), reason=str(error))

    async def _mark(self, ids: Sequence[str], duplicates: set[str]) -> None:
        await self._execute(_MARK_FORWARDED, ids)
        if duplicates:
            await self._execute(_CLOSE_DUPLICATES, list(duplicates))
            log.info("outbox.duplicates", tasks=len(duplicates))

    async def _take_due(self) -> Sequence[Row[Any]]:
        with translated_outages():
            async with self._engine.begin() as connection:
                return (await connection.execute(_TAKE_DUE)).all()

    async def _execute(self, statement: Any, ids: Sequence[str]) -> None:
        with translated_outages():
            async with self._engine.begin() as connection:
                await connection.execute(statement, {"ids": ids})


def _to_task(row: Row[Any]) -> EncodedTask | None:
    """None for a row that cannot be read: it is reported, and must not hold up the others."""
    try:
        options = options_from_json(row.options)
        followers = followers_from_json(row.followers)
    except InvalidPayload as error:
        log.error("outbox.unreadable_row", task_id=row.id, reason=str(error))  # noqa: TRY400 - it says enough
        return None
    return EncodedTask(
        id=row.id,
        name=row.task_name,
        payload=row.payload,
        options=options,
        is_stored=True,
        was_sent=True,
        followers=followers,
    )


_TAKE_DUE = (
    update(outbox)
    .where(
        outbox.c.id.in_(
            select(outbox.c.id)
            .where(outbox.c.closed_at.is_(None), outbox.c.next_try_at <= func.now())
            .order_by(outbox.c.next_try_at)
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
    )
    .values(next_try_at=func.now() + SWEEP_AFTER)
    .returning(
        outbox.c.id,
        outbox.c.task_name,
        outbox.c.payload,
        outbox.c.options,
        outbox.c.followers,
        outbox.c.forwarded_at,
        outbox.c.missing_since,
    )
)
_OF_IDS = update(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)))
_MARK_FORWARDED = _OF_IDS.values(
    forwarded_at=func.now(), missing_since=null(), next_try_at=func.now() + LOOK_AFTER
)
# Nobody will: `succeeded` stays unknown. One that is closed already has run, under this very id.
_CLOSE_DUPLICATES = _OF_IDS.where(outbox.c.closed_at.is_(None)).values(closed_at=func.now())
_MARK_MISSING = _OF_IDS.values(missing_since=func.now())
_MARK_PRESENT = _OF_IDS.values(
    missing_since=null(),
    next_try_at=func.now()
    + func.least(
        literal(LOOK_AT_LEAST_EVERY, Interval),
        func.greatest(literal(LOOK_AFTER, Interval), func.now() - outbox.c.forwarded_at),
    ),
)
