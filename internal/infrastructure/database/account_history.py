from datetime import timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Delete, Interval, bindparam, delete, func, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.domain.session import IDLE_FOR
from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.tables import account_tokens, counted_log_ins, security_events, sessions
from internal.ports.account_history import COUNTED_FOR

# A task that is run again must find that its token was used.
TOKENS_FOR = timedelta(days=1)


def _purge(key: Column[Any], condition: ColumnElement[bool]) -> Delete:
    """Delete some rows through an index. Rows that others use now are left to the next purge."""
    some = select(key).where(condition).limit(bindparam("at_most")).with_for_update(skip_locked=True)
    return delete(key.table).where(key.in_(some.scalar_subquery()))


# A session that expired is not used any more either, so the time of its last use is enough.
_SESSIONS = _purge(sessions.c.id, sessions.c.last_used_at <= func.now() - literal(IDLE_FOR))
_ACCOUNT_TOKENS = _purge(
    account_tokens.c.digest, account_tokens.c.expires_at <= func.now() - literal(TOKENS_FOR)
)
_SECURITY_EVENTS = _purge(
    security_events.c.id, security_events.c.occurred_at <= func.now() - bindparam("kept_for", type_=Interval)
)

_COUNTED_LOG_INS = _purge(
    counted_log_ins.c.event_id, counted_log_ins.c.occurred_at <= func.now() - literal(COUNTED_FOR)
)


class SqlAlchemyAccountHistory:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")  # every call is one statement

    async def purge_sessions(self, *, at_most: int) -> int:
        return await self._run(_SESSIONS, at_most=at_most)

    async def purge_account_tokens(self, *, at_most: int) -> int:
        return await self._run(_ACCOUNT_TOKENS, at_most=at_most)

    async def purge_security_events(self, *, kept_for: timedelta, at_most: int) -> int:
        return await self._run(_SECURITY_EVENTS, kept_for=kept_for, at_most=at_most)

    async def purge_counted_log_ins(self, *, at_most: int) -> int:
        return await self._run(_COUNTED_LOG_INS, at_most=at_most)

    async def _run(self, purge: Delete, **parameters: object) -> int:
        with translated_outages():
            async with self._engine.connect() as connection:
                return (await connection.execute(purge, parameters)).rowcount
