from datetime import timedelta

from sqlalchemy import Interval, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.tables import outbox

_ENDED = (
    select(outbox.c.id)
    .where(
        (
            outbox.c.succeeded.is_(True)
            & (outbox.c.closed_at < func.now() - bindparam("done_for", type_=Interval))
        )
        | (
            outbox.c.succeeded.is_not(True)
            & (outbox.c.closed_at < func.now() - bindparam("archived_for", type_=Interval))
        )
    )
    .order_by(outbox.c.closed_at)
    .limit(bindparam("at_most"))
    # Skip rows that someone is reopening right now; they stay.
    .with_for_update(skip_locked=True)
)
_PURGE = delete(outbox).where(outbox.c.id.in_(_ENDED))


class SqlAlchemyTaskHistory:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")  # every call is one statement

    async def purge(self, *, done_for: timedelta, archived_for: timedelta, at_most: int) -> int:
        spans = {"done_for": done_for, "archived_for": archived_for, "at_most": at_most}
        with translated_outages():
            async with self._engine.connect() as connection:
                return (await connection.execute(_PURGE, spans)).rowcount
