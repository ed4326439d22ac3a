from datetime import timedelta
from typing import Protocol


class TaskHistory(Protocol):
    """Forgets tasks that have ended, because their payloads may be personal data."""

    async def purge(self, *, done_for: timedelta, archived_for: timedelta, at_most: int) -> int:
        """Forget up to `at_most` tasks that ended this long ago, and return how many it forgot.

        Open tasks are never forgotten. A forgotten task counts as ended: it does not run if it is delivered
        again.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...
