from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from internal.domain.errors import NotAuthenticated


class InvalidRefreshToken(NotAuthenticated):
    """Forged, used before, or of a session that has ended. The error does not say which."""

    code = "INVALID_REFRESH_TOKEN"

    def __init__(self) -> None:
        super().__init__("Invalid or expired refresh token")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """`text` is what the client keeps. `secret` has 256 bits, and each session has one that counts."""

    session_id: UUID
    secret: bytes = field(repr=False)
    text: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """The SHA-256 that is stored in the token's place."""
        return sha256(self.session_id.bytes + self.secret).digest()


class RefreshTokens(Protocol):
    """Makes and reads refresh tokens. Other code treats their text as opaque."""

    def first(self, session_id: UUID) -> RefreshToken:
        """Return a random token for a new session."""
        ...

    def successor(self, token: RefreshToken) -> RefreshToken:
        """Return the token that replaces this one: always the same one, and nobody else can compute it."""
        ...

    def read(self, text: str) -> RefreshToken:
        """Return the token with this text.

        Raises:
            InvalidRefreshToken: we did not make it.
        """
        ...
