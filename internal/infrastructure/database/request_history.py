from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.idempotent_requests import IS_OVER
from internal.infrastructure.database.tables import idempotent_requests as requests

_PURGE = delete(requests).where(
    requests.c.key_hash.in_(
        select(requests.c.key_hash)
        .where(IS_OVER)
        .limit(bindparam("at_most"))
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
)


class SqlAlchemyRequestHistory:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")  # every call is one statement

    async def purge(self, *, at_most: int) -> int:
        with translated_outages():
            async with self._engine.connect() as connection:
                return (await connection.execute(_PURGE, {"at_most": at_most})).rowcount
