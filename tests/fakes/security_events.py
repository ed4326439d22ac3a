from dataclasses import replace
from uuid import UUID

from internal.domain.caller import Caller
from internal.domain.security_event import SecurityEvent

_UNKNOWN = Caller(address=None, user_agent=None, request_id=None)


class FakeSecurityEvents:
    def __init__(self) -> None:
        self.recorded: list[SecurityEvent] = []

    async def add(self, event: SecurityEvent) -> None:
        self.recorded.append(event)

    async def anonymise(self, user_id: UUID, *, at_most: int) -> int:
        traces = [
            number
            for number, event in enumerate(self.recorded)
            if event.caller != _UNKNOWN
            and user_id == (event.subject_id if event.actor_id is None else event.actor_id)
        ][:at_most]
        for number in traces:
            self.recorded[number] = replace(self.recorded[number], caller=_UNKNOWN)
        return len(traces)
