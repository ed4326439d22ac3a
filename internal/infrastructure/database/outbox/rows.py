"""The rows of the outbox as the relay takes and marks them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from sqlalchemy import Interval, Row, Text, bindparam, cast, func, literal, null, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.outbox.json_columns import followers_from_json, options_from_json
from internal.infrastructure.database.outbox.publisher import SWEEP_AFTER
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.tasks.encoded_task import EncodedTask, InvalidPayload
from internal.infrastructure.telemetry.error_text import bounded
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

SWEEP_BATCH = 100
# The relay looks for an enqueued task after this time, and then with growing delays: the task may be
# scheduled for next month.
LOOK_AFTER = timedelta(seconds=30)
LOOK_AT_LEAST_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """A row as the relay needs it. A row that cannot be read has a `problem` instead of a task."""

    id: str
    task: EncodedTask | None
    problem: str | None
    forwarded_at: datetime | None
    missing_since: datetime | None
    last_error: str | None


class OutboxRows:
    """Every method except `note_failure` and `set_aside` raises Unavailable if Postgres cannot be reached."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def take_due(self) -> Sequence[DueRow]:
        """Take due rows by moving their next try, so no lock is held during a call to Redis."""
        return await self._take(_TAKE_DUE)

    async def take(self, ids: Sequence[str]) -> Sequence[DueRow]:
        """Take open rows, due or not."""
        return await self._take(_TAKE, ids=ids)

    async def mark_forwarded(self, ids: Sequence[str], duplicates: Collection[str]) -> None:
        restored: set[str] = set()
        if duplicates:
            log.info("outbox.duplicates", tasks=len(duplicates))
            restored = await self._restore_replaced(duplicates)
        await self._execute(_MARK_FORWARDED, [task_id for task_id in ids if task_id not in restored])
        await self._execute(_CLOSE_DUPLICATES, duplicates)

    async def mark_present(self, ids: Collection[str]) -> None:
        await self._execute(_MARK_PRESENT, ids)

    async def mark_missing(self, ids: Collection[str]) -> None:
        await self._execute(_MARK_MISSING, ids)

    async def note_failure(self, ids: Collection[str], reason: str) -> None:
        """Write the reason to the rows. Never raises for an outage: the caller reports the failure anyway."""
        await self._note(_NOTE_FAILURE, ids, reason)

    async def set_aside(self, reasons: Mapping[str, str], *, known: Mapping[str, str | None]) -> None:
        """Delay each row by its own age. Logs a reason once: `known` has the reasons of earlier tries."""
        of_reason: dict[str, list[str]] = defaultdict(list)
        for task_id, reason in reasons.items():
            of_reason[reason].append(task_id)
            if known.get(task_id) != reason:
                log.error("outbox.set_aside", task_id=task_id, reason=reason)
        for reason, ids in of_reason.items():
            await self._note(_SET_ASIDE, ids, reason)

    async def _restore_replaced(self, ids: Collection[str]) -> set[str]:
        """Restore the rows of ended tasks; return the ids that had one."""
        with translated_outages():
            async with self._engine.begin() as connection:
                return set((await connection.execute(RESTORE_REPLACED, {"ids": list(ids)})).scalars())

    async def _note(self, statement: Any, ids: Collection[str], reason: str) -> None:
        try:
            await self._execute(statement, ids, reason=bounded(reason))
        except Unavailable as error:
            log.warning("outbox.failure_not_noted", tasks=len(ids), reason=str(error))

    async def _take(self, statement: Any, **values: Any) -> Sequence[DueRow]:
        with translated_outages():
            async with self._engine.begin() as connection:
                return [_due(row) for row in await connection.execute(statement, values)]

    async def _execute(self, statement: Any, ids: Collection[str], **values: Any) -> None:
        if not ids:
            return
        with translated_outages():
            async with self._engine.begin() as connection:
                await connection.execute(statement, {"ids": list(ids), **values})


def _due(row: Row[Any]) -> DueRow:
    task, problem = None, None
    try:
        task = _task(row)
    except InvalidPayload as error:
        problem = f"it cannot be read: {error}"
    except (ValueError, RecursionError) as error:
        problem = f"it cannot be read ({type(error).__name__})"
    return DueRow(
        id=row.id,
        task=task,
        problem=problem,
        forwarded_at=row.forwarded_at,
        missing_since=row.missing_since,
        last_error=row.last_error,
    )


def _task(row: Row[Any]) -> EncodedTask:
    return EncodedTask(
        id=row.id,
        name=row.task_name,
        payload=msgspec.json.decode(row.payload, type=dict[str, Any]),
        options=options_from_json(msgspec.json.decode(row.options)),
        is_stored=True,
        was_sent=True,
        followers=followers_from_json(msgspec.json.decode(row.followers or "null")),
    )


_OF_IDS = update(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)))
_TAKEN = (
    outbox.c.id,
    outbox.c.task_name,
    # As text, because one row that cannot be decoded must not fail the others.
    *(
        cast(column, Text).label(column.name)
        for column in (outbox.c.payload, outbox.c.options, outbox.c.followers)
    ),
    outbox.c.forwarded_at,
    outbox.c.missing_since,
    outbox.c.last_error,
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
    forwarded_at=func.now(), missing_since=null(), replaced=null(), next_try_at=func.now() + LOOK_AFTER
)
_RESTORED = ", ".join(column.name for column in outbox.c if column.name not in {"id", "replaced"})
RESTORE_REPLACED = text(
    f"UPDATE outbox SET replaced = NULL, ({_RESTORED}) = "  # noqa: S608 - names of our own columns
    f"(SELECT {_RESTORED} FROM jsonb_populate_record(NULL::outbox, outbox.replaced)) "
    "WHERE id IN :ids AND closed_at IS NULL AND replaced IS NOT NULL RETURNING id"
).bindparams(bindparam("ids", type_=Text, expanding=True))
# A duplicate does not run, so `succeeded` stays NULL. A closed row belongs to a task of this id that has run.
_CLOSE_DUPLICATES = _OF_IDS.where(outbox.c.closed_at.is_(None)).values(closed_at=func.now())
_MARK_MISSING = _OF_IDS.values(missing_since=func.now())


def _when_as_old_again(since: Any) -> Any:
    """Return a time in LOOK_AFTER to LOOK_AT_LEAST_EVERY from now: the older, the later."""
    age = func.greatest(literal(LOOK_AFTER, Interval), func.now() - since)
    return func.now() + func.least(literal(LOOK_AT_LEAST_EVERY, Interval), age)


_MARK_PRESENT = _OF_IDS.values(missing_since=null(), next_try_at=_when_as_old_again(outbox.c.forwarded_at))
_NOTE_FAILURE = _OF_IDS.where(outbox.c.closed_at.is_(None)).values(
    last_error=bindparam("reason"), last_error_at=func.now()
)
_SET_ASIDE = _NOTE_FAILURE.values(next_try_at=_when_as_old_again(outbox.c.created_at))
