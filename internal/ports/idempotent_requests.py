from typing import Protocol
from uuid import UUID

from internal.domain.errors import Conflict


class RequestInProgress(Conflict):
    code = "REQUEST_IN_PROGRESS"

    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is being processed")


class IdempotentRequests(Protocol):
    """Which user came of a request that its sender may repeat, by the key that the sender chose.

    Part of a unit of work: what is claimed is so with its commit, and not at all without. It is kept for a
    day; then, or when the user is gone, the key is free again.
    """

    async def claim(self, key: str, user_id: UUID) -> UUID | None:
        """Bind the key to a user who is stored in the same unit of work; or tell to whom it is bound.

        Raises:
            RequestInProgress: another unit of work has claimed it and has not ended.
        """
        ...
