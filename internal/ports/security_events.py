from typing import Protocol
from uuid import UUID

from internal.domain.security_event import SecurityEvent


class SecurityEvents(Protocol):
    async def add(self, event: SecurityEvent) -> None:
        """Record what happened. After the commit it is logged, too."""
        ...

    async def anonymise(self, user_id: UUID, *, at_most: int) -> int:
        """Forget from where a user acted, or somebody who tried to be the user.

        Changes up to `at_most` events, and returns how many. The events keep the id, which means nothing
        without the account.
        """
        ...
