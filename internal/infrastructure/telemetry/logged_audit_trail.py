"""The audit trail of an operator who must act although the store is away."""

from collections.abc import Mapping

import structlog

from internal.domain.security_event import SecurityEvent
from internal.ports.audit_trail import AuditTrail
from internal.ports.unavailable import Unavailable

log = structlog.get_logger(__name__)


class LoggedAuditTrail:
    """Stores entries while the store answers. From the first failure on, an entry is a line in the log."""

    def __init__(self, store: AuditTrail) -> None:
        self._store = store
        self._why_away: str | None = None

    async def begin(self, event: SecurityEvent) -> int | None:
        if self._why_away is not None:
            return None
        try:
            return await self._store.begin(event)
        except Unavailable as error:
            self._why_away = str(error)
            return None

    async def complete(self, number: int | None, event: SecurityEvent) -> None:
        if number is not None:
            await self._store.complete(number, event)
        else:
            log.warning("audit.not_stored", why=self._why_away, **facts_of(event))


def facts_of(event: SecurityEvent) -> Mapping[str, str]:
    """The facts of an action for a line in the log. Addresses of users stay in the table."""
    actor = event.operator or str(event.actor_id)
    return {"action": event.name.value, "actor": actor, "result": event.result.value, **event.details}
