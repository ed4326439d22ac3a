from collections.abc import Mapping, Sequence

from sqlalchemy import ARRAY, Text, any_, bindparam, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.direct_statement import DirectStatement
from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.outbox.rows import LOOK_AFTER, RESTORE_REPLACED
from internal.infrastructure.database.tables import outbox
from internal.infrastructure.tasks.completion_log import Completion

_ids = bindparam("ids", type_=Text, expanding=True)
_FIND = select(outbox.c.id, outbox.c.succeeded, outbox.c.closed_at.is_(None).label("is_open")).where(
    outbox.c.id.in_(_ids)
)
_CLOSE = (
    update(outbox)
    .where(outbox.c.id == any_(bindparam("ids", type_=ARRAY(Text))), outbox.c.closed_at.is_(None))
    .values(closed_at=func.now(), succeeded=bindparam("succeeded"))
)
_CLOSING = DirectStatement(_CLOSE)
# The relay does not look for the task before the queue has had time to take it again.
_REOPEN = (
    update(outbox)
    .where(outbox.c.id.in_(_ids))
    .values(closed_at=null(), succeeded=null(), missing_since=null(), next_try_at=func.now() + LOOK_AFTER)
    .returning(outbox.c.id)
)


class SqlAlchemyCompletionLog:
    """The outbox as the worker sees it: a row is open until its task ends."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")  # every call is one statement

    async def closed(self, task_ids: Sequence[str]) -> Mapping[str, bool]:
        """Count tasks without a row as done: only closed rows are purged."""
        with translated_outages():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(_FIND, {"ids": task_ids})).all()
        still_open = {row.id for row in rows if row.is_open}
        given_up = {row.id for row in rows if row.succeeded is False}
        return {task_id: task_id not in given_up for task_id in task_ids if task_id not in still_open}

    async def close(self, completions: Sequence[Completion]) -> None:
        for succeeded in (True, False):
            ids = [completion.task_id for completion in completions if completion.succeeded is succeeded]
            if ids:
                await _CLOSING.alone(self._engine, ids=ids, succeeded=succeeded)

    async def reopen(self, task_ids: Sequence[str]) -> set[str]:
        """Reopen the rows. If a later publication has replaced a row, restore the row first."""
        with translated_outages():
            async with self._engine.connect() as connection:
                await connection.execute(RESTORE_REPLACED, {"ids": task_ids})
                return set((await connection.execute(_REOPEN, {"ids": task_ids})).scalars())
