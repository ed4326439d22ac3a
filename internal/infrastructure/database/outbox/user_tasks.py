from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import String, Uuid, and_, bindparam, cast, func, null, or_, select, true, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from internal.infrastructure.database.tables import outbox, users
from internal.ports.user_tasks import UserTask

# For the statement that stores a row: the id of the user, or of the one who has the address.
SUBJECT_ID = func.coalesce(
    bindparam("about_id", type_=Uuid),
    select(users.c.id).where(users.c.email == bindparam("about_address", type_=String)).scalar_subquery(),
)
_user_id = bindparam("about", type_=Uuid)
# A version that does not know the column stores rows without it, during a release.
_IS_ABOUT = or_(
    outbox.c.subject_id == _user_id,
    and_(
        outbox.c.subject_id.is_(None),
        outbox.c.payload.has_key("user_id"),
        outbox.c.payload["user_id"].astext == cast(_user_id, String),
    ),
)
_QUEUE = outbox.c.options["queue"].astext
_OF = (
    select(outbox.c.id, outbox.c.task_name, _QUEUE.label("queue"), outbox.c.created_at, outbox.c.closed_at)
    .where(_IS_ABOUT)
    .order_by(outbox.c.created_at, outbox.c.id)
)
# The row stays until it is purged, so that a copy of its task in Redis counts as done and does nothing.
_ERASE = (
    update(outbox)
    .where(_IS_ABOUT)
    .values(
        subject_id=_user_id,
        payload=cast({}, JSONB),
        options=func.jsonb_build_object("queue", _QUEUE),
        followers=null(),
        replaced=null(),
        completed_at=func.coalesce(outbox.c.completed_at, func.now()),
        closed_at=func.coalesce(outbox.c.closed_at, func.now()),
        succeeded=true(),
    )
)


class SqlAlchemyUserTasks:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, user_id: UUID) -> Sequence[UserTask]:
        return [
            UserTask(
                id=row.id,
                name=row.task_name,
                queue=row.queue,
                stored_at=row.created_at,
                ended_at=row.closed_at,
            )
            for row in await self._connection.execute(_OF, {"about": user_id})
        ]

    async def erase(self, user_id: UUID) -> None:
        await self._connection.execute(_ERASE, {"about": user_id})


def about(subject: UUID | str | None) -> Mapping[str, Any]:
    """The parameters of SUBJECT_ID."""
    return {
        "about_id": subject if isinstance(subject, UUID) else None,
        "about_address": subject if isinstance(subject, str) else None,
    }
