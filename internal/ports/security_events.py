from typing import Protocol

from internal.domain.security_event import SecurityEvent


class SecurityEvents(Protocol):
    async def add(self, event: SecurityEvent) -> None:
        """Record what happened. After the commit it is logged, too."""
        ...
