from typing import Protocol


class RequestHistory(Protocol):
    """Forgets the keys of requests that can no longer be repeated."""

    async def purge(self, *, at_most: int) -> int:
        """Forget up to `at_most` keys that are no longer remembered, and return how many it forgot.

        Several purges may run at once.

        Raises:
            Unavailable: the store cannot be reached.
        """
        ...
