from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.tables import outbox
from internal.ports.idempotency import Busy, Claim, Done, UnknownIdempotencyKey


class SqlAlchemyIdempotency:
    """Claims are columns of the task's outbox row; the time is that of Postgres."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")  # every call is one statement

    async def claim(self, key: str, lease: timedelta) -> Claim | Done | Busy:
        free = outbox.c.claimed_until.is_(None) | (outbox.c.claimed_until <= func.now())
        take = (
            update(outbox)
            .where(outbox.c.id == key, outbox.c.completed_at.is_(None), free)
            .values(claimed_until=func.now() + lease)
        )
        holder = select(
            outbox.c.completed_at,
            func.greatest(outbox.c.claimed_until - func.now(), timedelta(0)).label("remaining"),
        ).where(outbox.c.id == key)
        with translated_outages():
            async with self._engine.connect() as connection:
                if (await connection.execute(take)).rowcount:
                    return Claim()
                row = (await connection.execute(holder)).one_or_none()
        if row is None:
            raise UnknownIdempotencyKey(key)
        return Busy(row.remaining) if row.completed_at is None else Done()

    async def complete(self, key: str) -> None:
        with translated_outages():
            async with self._engine.connect() as connection:
                await connection.execute(
                    update(outbox).where(outbox.c.id == key).values(completed_at=func.now())
                )
