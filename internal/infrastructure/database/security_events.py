import structlog
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from internal.domain.security_event import Result, SecurityEvent
from internal.infrastructure.database.tables import security_events

log = structlog.get_logger(__name__)


class SqlAlchemySecurityEvents:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._added: list[SecurityEvent] = []

    async def add(self, event: SecurityEvent) -> None:
        row = {
            "name": event.name.value,
            "result": event.result.value,
            "actor_id": event.actor_id,
            "subject_id": event.subject_id,
            "address": event.caller.address,
            "user_agent": event.caller.user_agent,
            "request_id": event.caller.request_id,
            "details": dict(event.details),
        }
        await self._connection.execute(insert(security_events), row)
        self._added.append(event)

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


def _text(value: object) -> str | None:
    return None if value is None else str(value)
