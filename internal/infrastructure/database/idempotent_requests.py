from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from internal.infrastructure.database.tables import idempotent_requests as requests
from internal.ports.idempotent_requests import RequestInProgress

KEPT_FOR = timedelta(days=1)

IS_OVER = requests.c.created_at <= func.now() - literal(KEPT_FOR)
_STORE = insert(requests)
_CLAIM = _STORE.on_conflict_do_update(
    index_elements=[requests.c.key_hash],
    set_={"user_id": _STORE.excluded.user_id, "created_at": func.now()},
    where=IS_OVER,
).returning(requests.c.user_id)


class SqlAlchemyIdempotentRequests:
    """Keys are stored as hashes, because they may contain anything. Times are those of Postgres."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, key: str, user_id: UUID) -> UUID | None:
        digest = sha256(key.encode()).digest()
        # An advisory lock, because waiting for the row would hold a pool connection per repeated request. If
        # two keys share these 64 bits, the client only has to try again.
        lock = int.from_bytes(digest[:8], signed=True)
        if not await self._connection.scalar(select(func.pg_try_advisory_xact_lock(lock))):
            raise RequestInProgress
        if await self._connection.scalar(_CLAIM, {"key_hash": digest, "user_id": user_id}):
            return None
        earlier = select(requests.c.user_id).where(requests.c.key_hash == digest)
        return await self._connection.scalar(earlier)
