import structlog
from sqlalchemy import bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.domain.security_event import Result, SecurityEvent
from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.security_events import row_of
from internal.infrastructure.database.tables import security_events
from internal.infrastructure.telemetry.logged_audit_trail import facts_of
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

_BEGIN = insert(security_events).returning(security_events.c.id)
_COMPLETE = update(security_events).where(security_events.c.id == bindparam("number"))
# They are in the table.
_NOT_LOGGED = {"ids", "refused_ids"}


class SqlAlchemyAuditTrail:
    """One row for each action. Until it has a result, the row says that the action is unfinished."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin(self, event: SecurityEvent) -> int | None:
        with translated_outages():
            async with self._engine.begin() as connection:
                number: int = (await connection.execute(_BEGIN, row_of(event))).scalar_one()
        return number

    async def complete(self, number: int | None, event: SecurityEvent) -> None:
        outcome = _COMPLETE.values(result=event.result.value, details=dict(event.details))
        try:
            with translated_outages():
                async with self._engine.begin() as connection:
                    await connection.execute(outcome, {"number": number})
        except Unavailable as error:
            log.warning("audit.not_completed", why=str(error), **facts_of(event))
            return
        # The command line prints what it did.
        if event.operator is None:
            facts = facts_of(event)
            write = log.info if event.result is Result.SUCCESS else log.warning
            write(event.name.value, **{name: facts[name] for name in facts.keys() - _NOT_LOGGED})
