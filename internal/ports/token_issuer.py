from typing import Protocol
from uuid import UUID

from internal.domain.errors import NotAuthenticated


class InvalidToken(NotAuthenticated):
    code = "INVALID_TOKEN"

    def __init__(self) -> None:
        super().__init__("Invalid or expired token")


class TokenIssuer(Protocol):
    def issue(self, user_id: UUID) -> str:
        """Return an access token for this user. It expires."""
        ...

    def verify(self, token: str) -> UUID:
        """Return the user that the token was issued to.

        Raises:
            InvalidToken: it is forged, expired or from another issuer; the error does not say which.
        """
        ...
