"""The audit trail of an operator who must act although the store is away."""

import time
from collections.abc import Callable, Mapping

import structlog

from internal.domain.security_event import SecurityEvent
from internal.ports.audit_trail import AuditTrail
from internal.ports.unavailable import Unavailable

# Else each action would wait for a store that does not answer.
AWAY_FOR = 30.0  # seconds

log = structlog.get_logger(__name__)


class LoggedAuditTrail:
    """Stores entries while the store answers. After a failure, entries are lines in the log for a while.

    monotonic: the clock of that while, in seconds.
    """

    def __init__(self, store: AuditTrail, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._why_away: str | None = None
        self._away_until = 0.0

    async def begin(self, event: SecurityEvent) -> int | None:
        if self._monotonic() < self._away_until:
            return None
        try:
            return await self._store.begin(event)
        except Unavailable as error:
            self._why_away = str(error)
            self._away_until = self._monotonic() + AWAY_FOR
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
