from datetime import timedelta

from sqlalchemy import DateTime, Interval, bindparam, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from internal.infrastructure.database.direct_statement import DirectStatement
from internal.infrastructure.database.tables import outbox
from internal.ports.idempotency import Busy, Claim, Done, UnknownIdempotencyKey

_of_key = outbox.c.id == bindparam("key")
_is_free = outbox.c.claimed_until.is_(None) | (outbox.c.claimed_until <= func.now())

_RENEW = (
    update(outbox)
    .where(_of_key, outbox.c.completed_at.is_(None))
    .values(claimed_until=func.now() + bindparam("lease", type_=Interval))
)
# The later of the known times: most tasks have no start time.
_first_due = func.greatest(
    outbox.c.created_at, cast(outbox.c.options["process_at"].astext, DateTime(timezone=True))
)
_CLAIM = _RENEW.where(_is_free).returning((func.now() - _first_due).label("age"))
_HOLDER = select(
    outbox.c.completed_at,
    func.greatest(outbox.c.claimed_until - func.now(), timedelta(0)).label("remaining"),
).where(_of_key)
_COMPLETE = update(outbox).where(_of_key).values(completed_at=func.now())


_CLAIMING, _LOOKING, _RENEWING, _COMPLETING = map(DirectStatement, (_CLAIM, _HOLDER, _RENEW, _COMPLETE))


class SqlAlchemyIdempotency:
    """Claims are columns of the task's outbox row. Times are those of Postgres."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def claim(self, key: str, lease: timedelta) -> Claim | Done | Busy:
        for claimed in await _CLAIMING.alone(self._engine, key=key, lease=lease):
            return Claim(claimed.age)
        for row in await _LOOKING.alone(self._engine, key=key):
            return Busy(row.remaining) if row.completed_at is None else Done()
        raise UnknownIdempotencyKey(key)

    async def renew(self, key: str, lease: timedelta) -> None:
        await _RENEWING.alone(self._engine, key=key, lease=lease)

    async def complete(self, key: str) -> None:
        await _COMPLETING.alone(self._engine, key=key)
