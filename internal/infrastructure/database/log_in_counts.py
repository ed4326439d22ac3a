from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import Date, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.direct_statement import DirectStatement
from internal.infrastructure.database.tables import counted_log_ins

_occurred_at = counted_log_ins.c.occurred_at
_day = cast(func.timezone("UTC", _occurred_at), Date)
_ADD = DirectStatement(
    insert(counted_log_ins)
    .values(event_id=bindparam("event_id"), occurred_at=bindparam("occurred_at"))
    .on_conflict_do_nothing(index_elements=["event_id"])
)
_PER_DAY = DirectStatement(
    select(_day.label("day"), func.count().label("log_ins"))
    .where(_occurred_at >= bindparam("since"))
    .group_by(_day)
    .order_by(_day.desc())
)


class SqlAlchemyLogInCounts:
    """A row per event, because a row per day would make simultaneous log-ins wait for one another."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, event_id: UUID, *, occurred_at: datetime) -> None:
        await _ADD.alone(self._engine, event_id=event_id, occurred_at=occurred_at)

    async def per_day(self, *, since: date) -> Mapping[date, int]:
        rows = await _PER_DAY.alone(self._engine, since=datetime.combine(since, time(), UTC))
        return {row.day: row.log_ins for row in rows}
