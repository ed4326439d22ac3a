from internal.domain.security_event import SecurityEvent


class FakeSecurityEvents:
    def __init__(self) -> None:
        self.recorded: list[SecurityEvent] = []

    async def add(self, event: SecurityEvent) -> None:
        self.recorded.append(event)
