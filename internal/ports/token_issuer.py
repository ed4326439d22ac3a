from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from internal.domain.errors import NotAuthenticated


class InvalidToken(NotAuthenticated):
    code = "INVALID_TOKEN"

    def __init__(self) -> None:
        super().__init__("Invalid or expired token")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """The content of an access token. Tokens of versions without sessions have no `session_id`."""

    user_id: UUID
    session_id: UUID | None
    issued_at: datetime


class TokenIssuer(Protocol):
    @property
    def ttl(self) -> timedelta:
        """How long an access token is valid."""
        ...

    def issue(self, user_id: UUID, *, session_id: UUID) -> str:
        """Return an access token for this user and session. It expires after `ttl`."""
        ...

    def verify(self, token: str) -> AccessToken:
        """Return what the token says. `issued_at` is in whole seconds.

        Raises:
            InvalidToken: it is forged, expired or from another issuer; the error does not say which.
        """
        ...
