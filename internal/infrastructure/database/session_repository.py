from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Interval, Row, bindparam, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from internal.domain.session import IDLE_FOR, REPEAT_FOR, Session
from internal.infrastructure.database.direct_statement import DirectStatement
from internal.infrastructure.database.tables import sessions
from internal.ports.session_repository import Rotation

IS_LIVE = (sessions.c.expires_at > func.now()) & (sessions.c.last_used_at > func.now() - literal(IDLE_FOR))

_of_id = sessions.c.id == bindparam("session_id")
_IS_USED = sessions.c.last_used_at > func.now() - bindparam("idle_for", type_=Interval)
_ROTATE = (
    update(sessions)
    .where(_of_id, IS_LIVE, _IS_USED, sessions.c.token_digest == bindparam("digest"))
    .values(
        token_digest=bindparam("successor_digest"),
        previous_digest=sessions.c.token_digest,
        rotated_at=func.now(),
        last_used_at=func.now(),
    )
)
_IS_REPEATED = select(
    (sessions.c.previous_digest == bindparam("digest"))
    & (sessions.c.rotated_at > func.now() - literal(REPEAT_FOR))
).where(_of_id, IS_LIVE, _IS_USED)
_STORED = (
    "id",
    "user_id",
    "created_at",
    "last_used_at",
    "expires_at",
    "address",
    "user_agent",
    "token_digest",
)
_ADD = DirectStatement(insert(sessions).values({name: bindparam(name) for name in _STORED}))
_OLDEST = (
    select(sessions.c.id)
    .where(sessions.c.user_id == bindparam("of_user"))
    .order_by(sessions.c.last_used_at.desc(), sessions.c.id)
    .offset(bindparam("keep"))
)
_END_OLDEST = DirectStatement(
    delete(sessions).where(sessions.c.id.in_(_OLDEST.scalar_subquery())).returning(sessions.c.id)
)


class SqlAlchemySessionRepository:
    """Times are those of Postgres, so the clocks of the replicas may differ."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, session: Session, *, token_digest: bytes) -> None:
        row = {
            "id": session.id,
            "user_id": session.user_id,
            "created_at": session.created_at,
            "last_used_at": session.last_used_at,
            "expires_at": session.expires_at,
            "address": session.address,
            "user_agent": session.user_agent,
            "token_digest": token_digest,
        }
        await _ADD.rows(self._connection, row)

    async def rotate(
        self, session_id: UUID, *, digest: bytes, successor_digest: bytes, idle_for: timedelta = IDLE_FOR
    ) -> Rotation:
        given = {"session_id": session_id, "digest": digest, "idle_for": idle_for}
        rotated = await self._connection.execute(_ROTATE, {**given, "successor_digest": successor_digest})
        if rotated.rowcount:
            return Rotation.ROTATED
        row = (await self._connection.execute(_IS_REPEATED, given)).one_or_none()
        if row is None:
            return Rotation.ENDED
        return Rotation.REPEATED if row[0] else Rotation.REUSED

    async def get(self, session_id: UUID) -> Session | None:
        query = select(sessions).where(sessions.c.id == session_id, IS_LIVE)
        row = (await self._connection.execute(query)).one_or_none()
        return _to_session(row) if row else None

    async def list_of(self, user_id: UUID) -> Sequence[Session]:
        query = (
            select(sessions)
            .where(sessions.c.user_id == user_id, IS_LIVE)
            .order_by(sessions.c.last_used_at.desc(), sessions.c.id)
        )
        return [_to_session(row) for row in await self._connection.execute(query)]

    async def end(self, session_id: UUID, *, user_id: UUID) -> bool:
        end = delete(sessions).where(sessions.c.id == session_id, sessions.c.user_id == user_id, IS_LIVE)
        return (await self._connection.execute(end)).rowcount == 1

    async def end_oldest(self, user_id: UUID, *, keep: int) -> int:
        return len(await _END_OLDEST.rows(self._connection, {"of_user": user_id, "keep": keep}))

    async def end_all(self, user_id: UUID, *, but: UUID | None = None) -> int:
        end = delete(sessions).where(sessions.c.user_id == user_id)
        if but is not None:
            end = end.where(sessions.c.id != but)
        return (await self._connection.execute(end)).rowcount


def _to_session(row: Row[tuple[object, ...]]) -> Session:
    return Session(
        id=row.id,
        user_id=row.user_id,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        address=row.address,
        user_agent=row.user_agent,
    )
