from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from internal.domain.account_token import TokenPurpose


class LinkTokens(Protocol):
    def of(self, purpose: TokenPurpose, user_id: UUID, task_id: str) -> Sequence[str]:
        """Return the tokens that the email of this task may carry, one for each live key, the newest first.

        They are the same in every attempt, and nobody else can guess them. Each has 256 bits and needs no
        escaping in a URL.
        """
        ...
