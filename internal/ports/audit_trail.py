from typing import Protocol

from internal.domain.security_event import SecurityEvent


class AuditTrail(Protocol):
    """What operators do to tasks, as security events: recorded before an action, completed after it."""

    async def begin(self, event: SecurityEvent) -> int | None:
        """Record what somebody is about to do. Return the number of the entry; None if there is no entry.

        Raises:
            Unavailable: it cannot be recorded, so the action must not begin.
        """
        ...

    async def complete(self, number: int | None, event: SecurityEvent) -> None:
        """Record the result and the details of an entry. It raises nothing: the action is over."""
        ...
