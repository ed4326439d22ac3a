from typing import Protocol
from uuid import UUID

from internal.domain.errors import Conflict


class RequestInProgress(Conflict):
    code = "REQUEST_IN_PROGRESS"

    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is being processed")


class IdempotentRequests(Protocol):
    """Remembers which user a request created, by the key that the client chose for its repetitions.

    It is part of a unit of work: a claim is stored with the commit, or not at all. After a day, or when the
    user is deleted, the key is free again.
    """

    async def claim(self, key: str, user_id: UUID) -> UUID | None:
        """Bind the key to a user of this unit of work, or return the user that it is already bound to.

        Raises:
            RequestInProgress: another unit of work has claimed the key and is still open.
        """
        ...
