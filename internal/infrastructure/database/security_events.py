from typing import Any
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb
from sqlalchemy import Uuid, bindparam, insert, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from internal.domain.security_event import Result, SecurityEvent
from internal.infrastructure.database.direct_statement import DirectStatement
from internal.infrastructure.database.tables import security_events

log = structlog.get_logger(__name__)

_STORED = (
    "name",
    "result",
    "actor_id",
    "subject_id",
    "address",
    "user_agent",
    "request_id",
    "details",
    "operator",
)
_ADD = DirectStatement(insert(security_events).values({name: bindparam(name) for name in _STORED}))
_user_id = bindparam("user_id", type_=Uuid)
_FROM_WHERE = (security_events.c.address, security_events.c.user_agent, security_events.c.request_id)
_TRACES = (
    select(security_events.c.id)
    .where(
        # Not what an administrator did to the user: that is where the administrator was.
        (security_events.c.actor_id == _user_id)
        | (security_events.c.actor_id.is_(None) & (security_events.c.subject_id == _user_id)),
        or_(*(column.is_not(None) for column in _FROM_WHERE)),
    )
    .limit(bindparam("at_most"))
)
_ANONYMISE = (
    update(security_events)
    .where(security_events.c.id.in_(_TRACES.scalar_subquery()))
    .values({column: null() for column in _FROM_WHERE})
)


class SqlAlchemySecurityEvents:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._added: list[SecurityEvent] = []

    async def add(self, event: SecurityEvent) -> None:
        await _ADD.rows(self._connection, row_of(event) | {"details": Jsonb(dict(event.details))})
        self._added.append(event)

    async def anonymise(self, user_id: UUID, *, at_most: int) -> int:
        return (await self._connection.execute(_ANONYMISE, {"user_id": user_id, "at_most": at_most})).rowcount

    def log_added(self) -> None:
        """Log what was stored. Addresses stay in the table: logs are kept by others, and for longer."""
        for event in self._added:
            write = log.info if event.result is Result.SUCCESS else log.warning
            write(
                event.name.value,
                actor_id=_text(event.actor_id),
                subject_id=_text(event.subject_id),
                **event.details,
            )


def row_of(event: SecurityEvent) -> dict[str, Any]:
    return {
        "name": event.name.value,
        "result": event.result.value,
        "actor_id": event.actor_id,
        "subject_id": event.subject_id,
        "address": event.caller.address,
        "user_agent": event.caller.user_agent,
        "request_id": event.caller.request_id,
        "details": dict(event.details),
        "operator": event.operator,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
