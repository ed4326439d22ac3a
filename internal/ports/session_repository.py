from collections.abc import Sequence
from datetime import timedelta
from enum import Enum, auto
from typing import Protocol
from uuid import UUID

from internal.domain.session import IDLE_FOR, Session


class Rotation(Enum):
    """The result of presenting a refresh token."""

    ROTATED = auto()
    """It was the current token; its successor is now."""
    REPEATED = auto()
    """It was replaced less than REPEAT_FOR ago, and its successor is still the current token."""
    REUSED = auto()
    """It was replaced before. Either the client or a thief has an old copy."""
    ENDED = auto()
    """Its session has ended."""


class SessionRepository(Protocol):
    """Sessions that have neither ended nor expired. Tokens are known by their SHA-256 alone."""

    async def add(self, session: Session, *, token_digest: bytes) -> None: ...

    async def rotate(
        self, session_id: UUID, *, digest: bytes, successor_digest: bytes, idle_for: timedelta = IDLE_FOR
    ) -> Rotation:
        """Replace the session's current token, if it is this one.

        A session that was not refreshed for `idle_for` has ended. IDLE_FOR is the longest time.
        One statement decides, so exactly one of many simultaneous calls gets ROTATED.
        """
        ...

    async def get(self, session_id: UUID) -> Session | None: ...

    async def list_of(self, user_id: UUID) -> Sequence[Session]:
        """Return the user's sessions, the most recently used first."""
        ...

    async def end(self, session_id: UUID, *, user_id: UUID) -> bool:
        """End the session. Returns False if the user has no such session."""
        ...

    async def end_oldest(self, user_id: UUID, *, keep: int) -> int:
        """End the sessions of the user that were used longest ago, except `keep`. Returns how many."""
        ...

    async def end_all(self, user_id: UUID, *, but: UUID | None = None) -> int:
        """End all sessions of the user, except `but`. Returns how many."""
        ...
