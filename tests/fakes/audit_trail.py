from internal.domain.security_event import SecurityEvent
from internal.ports.unavailable import Unavailable


class FakeAuditTrail:
    """`entries` has the newest state of each entry, `begun` what was recorded before each action."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away
        self.begun: list[SecurityEvent] = []
        self.entries: list[SecurityEvent] = []

    async def begin(self, event: SecurityEvent) -> int | None:
        if self.is_away:
            raise Unavailable("Postgres cannot be reached")
        self.begun.append(event)
        self.entries.append(event)
        return len(self.entries) - 1

    async def complete(self, number: int | None, event: SecurityEvent) -> None:
        if number is not None and not self.is_away:
            self.entries[number] = event
