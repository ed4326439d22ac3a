from datetime import timedelta
from typing import Protocol


class TaskHistory(Protocol):
    """Forgets tasks that have ended: what they were published with may be personal data."""

    async def purge(self, *, done_for: timedelta, archived_for: timedelta, at_most: int) -> int:
        """Forget tasks that ended so long ago, done or given up; return how many, `at_most` that many.

        A task that has not ended is never forgotten. One that is counts as ended all the same, and does
        not run if it is delivered once more.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...
