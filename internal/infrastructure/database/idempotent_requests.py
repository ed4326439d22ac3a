import asyncio
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import structlog
from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from internal.infrastructure.database.engine import translated_outages
from internal.infrastructure.database.tables import idempotent_requests as requests
from internal.ports.idempotent_requests import RequestInProgress
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)

KEPT_FOR = timedelta(days=1)
PURGE_EVERY = timedelta(minutes=1)
PURGE_BATCH = 1000

_over = requests.c.created_at <= func.now() - literal(KEPT_FOR)
_STORE = insert(requests)
_CLAIM = _STORE.on_conflict_do_update(
    index_elements=[requests.c.key_hash],
    set_={"user_id": _STORE.excluded.user_id, "created_at": func.now()},
    where=_over,
).returning(requests.c.user_id)

_PURGE = delete(requests).where(
    requests.c.key_hash.in_(
        select(requests.c.key_hash)
        .where(_over)
        .limit(PURGE_BATCH)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
)


class SqlAlchemyIdempotentRequests:
    """A key is stored as a hash, as a client may have made it of anything; the time is that of Postgres."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, key: str, user_id: UUID) -> UUID | None:
        digest = sha256(key.encode()).digest()
        # Not the row itself: to wait for it would hold a connection of the pool for every repetition. Two
        # keys that share these 64 bits would only have to be tried again.
        lock = int.from_bytes(digest[:8], signed=True)
        if not await self._connection.scalar(select(func.pg_try_advisory_xact_lock(lock))):
            raise RequestInProgress
        if await self._connection.scalar(_CLAIM, {"key_hash": digest, "user_id": user_id}):
            return None
        earlier = select(requests.c.user_id).where(requests.c.key_hash == digest)
        return await self._connection.scalar(earlier)


class RequestPurge:
    """Deletes the keys whose time is over, so many in one statement. Several may be at it at once."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")  # every call is one statement

    async def run(self) -> None:
        """Purge until cancelled, whatever goes wrong."""
        while True:
            try:
                while await self.purge() == PURGE_BATCH:
                    pass
            except Unavailable as error:
                log.warning("requests.purge_failed", reason=str(error))
            except Exception:
                log.exception("requests.purge_failed")
            await asyncio.sleep(PURGE_EVERY.total_seconds())

    async def purge(self) -> int:
        """Delete PURGE_BATCH at most, and tell how many there were."""
        with translated_outages():
            async with self._engine.connect() as connection:
                return (await connection.execute(_PURGE)).rowcount
