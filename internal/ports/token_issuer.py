from typing import Protocol
from uuid import UUID

from internal.domain.errors import NotAuthenticated


class InvalidToken(NotAuthenticated):
    code = "INVALID_TOKEN"

    def __init__(self) -> None:
        super().__init__("Invalid or expired token")


class TokenIssuer(Protocol):
    def issue(self, user_id: UUID) -> str:
        """An access token for this user, for a limited time."""
        ...

    def verify(self, token: str) -> UUID:
        """The user that the token was issued to.

        Raises:
            InvalidToken: forged, expired, or not one of ours; which of them is not told.
        """
        ...
