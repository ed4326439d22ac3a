from datetime import timedelta
from typing import Protocol

# A month can be compared with that of the year before. By then, no task that counts can run again.
COUNTED_FOR = timedelta(days=400)


class AccountHistory(Protocol):
    """Forgets what belongs to accounts but is no longer needed.

    Each method forgets up to `at_most` entries, and returns how many. Several may run at once.

    Raises:
        Unavailable: the store cannot be reached.
    """

    async def purge_sessions(self, *, at_most: int) -> int:
        """Forget sessions that nobody can continue."""
        ...

    async def purge_account_tokens(self, *, at_most: int) -> int:
        """Forget tokens of emails that expired a day ago or earlier."""
        ...

    async def purge_security_events(self, *, kept_for: timedelta, at_most: int) -> int:
        """Forget security events that are older than this."""
        ...

    async def purge_counted_log_ins(self, *, at_most: int) -> int:
        """Forget log-ins that were counted more than COUNTED_FOR ago."""
        ...
