"""The rows of the outbox as the relay has them: taken, and marked with what became of them."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Interval, Row, bindparam, func, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.outbox import SWEEP_AFTER
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.error_text import bounded
from internal.infrastructure.task_codec import (
    EncodedTask,
    InvalidPayload,
    followers_from_json,
    options_from_json,
)
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

SWEEP_BATCH = 100
# A forwarded task that has not ended is looked for after this time, and then ever more rarely: it may be
# meant to wait for a month.
LOOK_AFTER = timedelta(seconds=30)
LOOK_AT_LEAST_EVERY = timedelta(hours=1)


class OutboxRows:
    """Every method but `note_failure` raises Unavailable if Postgres cannot be reached."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def take_due(self) -> Sequence[Row[Any]]:
        """By moving their next try: no other sweeper takes them, and no lock is held over a call to Redis."""
        return await self._take(_TAKE_DUE)

    async def take(self, ids: Sequence[str]) -> Sequence[Row[Any]]:
        """Those of them that are open, whether they are due or not."""
        return await self._take(_TAKE, ids=ids)

    async def mark_forwarded(self, ids: Sequence[str], duplicates: Collection[str]) -> None:
        await self._execute(_MARK_FORWARDED, ids)
        if duplicates:
            await self._execute(_CLOSE_DUPLICATES, duplicates)
            log.info("outbox.duplicates", tasks=len(duplicates))

    async def mark_present(self, ids: Collection[str]) -> None:
        await self._execute(_MARK_PRESENT, ids)

    async def mark_missing(self, ids: Collection[str]) -> None:
        await self._execute(_MARK_MISSING, ids)

    async def note_failure(self, ids: Collection[str], reason: str) -> None:
        """Never raises for an outage: that it failed is what matters."""
        try:
            await self._execute(_NOTE_FAILURE, ids, reason=bounded(reason))
        except Unavailable as error:
            log.warning("outbox.failure_not_noted", tasks=len(ids), reason=str(error))

    async def _take(self, statement: Any, **values: Any) -> Sequence[Row[Any]]:
        with translated_outages():
            async with self._engine.begin() as connection:
                return (await connection.execute(statement, values)).all()

    async def _execute(self, statement: Any, ids: Collection[str], **values: Any) -> None:
        if not ids:
            return
        with translated_outages():
            async with self._engine.begin() as connection:
                await connection.execute(statement, {"ids": list(ids), **values})


def to_task(row: Row[Any]) -> EncodedTask | None:
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


_OF_IDS = update(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)))
_TAKEN = (
    outbox.c.id,
    outbox.c.task_name,
    outbox.c.payload,
    outbox.c.options,
    outbox.c.followers,
    outbox.c.forwarded_at,
    outbox.c.missing_since,
)
_TAKE = (
    _OF_IDS.where(outbox.c.closed_at.is_(None))
    .values(next_try_at=func.now() + SWEEP_AFTER)
    .returning(*_TAKEN)
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
    .returning(*_TAKEN)
)
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
_NOTE_FAILURE = _OF_IDS.values(last_error=bindparam("reason"), last_error_at=func.now())
