from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from internal.domain.session import IDLE_FOR, REPEAT_FOR, Session
from internal.ports.clock import Clock
from internal.ports.session_repository import Rotation


@dataclass(frozen=True)
class StoredSession:
    session: Session
    digest: bytes
    previous_digest: bytes | None = None
    rotated_at: datetime | None = None


class FakeSessionRepository:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.by_id: dict[UUID, StoredSession] = {}

    async def add(self, session: Session, *, token_digest: bytes) -> None:
        self.by_id[session.id] = StoredSession(session, token_digest)

    async def rotate(
        self, session_id: UUID, *, digest: bytes, successor_digest: bytes, idle_for: timedelta = IDLE_FOR
    ) -> Rotation:
        stored = self._live(session_id)
        now = self._clock.now()
        if stored is None or now >= stored.session.last_used_at + idle_for:
            return Rotation.ENDED
        if stored.digest == digest:
            session = replace(stored.session, last_used_at=now)
            self.by_id[session_id] = StoredSession(session, successor_digest, digest, now)
            return Rotation.ROTATED
        is_recent = stored.rotated_at is not None and now < stored.rotated_at + REPEAT_FOR
        return Rotation.REPEATED if stored.previous_digest == digest and is_recent else Rotation.REUSED

    async def get(self, session_id: UUID) -> Session | None:
        stored = self._live(session_id)
        return stored.session if stored else None

    async def list_of(self, user_id: UUID) -> Sequence[Session]:
        own = [stored.session for stored in self.by_id.values() if stored.session.user_id == user_id]
        live = [session for session in own if self._live(session.id)]
        return sorted(live, key=lambda session: (-session.last_used_at.timestamp(), session.id))

    async def end(self, session_id: UUID, *, user_id: UUID) -> bool:
        stored = self._live(session_id)
        if stored is None or stored.session.user_id != user_id:
            return False
        del self.by_id[session_id]
        return True

    async def end_oldest(self, user_id: UUID, *, keep: int) -> int:
        oldest = (await self.list_of(user_id))[keep:]
        for session in oldest:
            del self.by_id[session.id]
        return len(oldest)

    async def end_all(self, user_id: UUID, *, but: UUID | None = None) -> int:
        ended = [
            key for key, stored in self.by_id.items() if stored.session.user_id == user_id and key != but
        ]
        for session_id in ended:
            del self.by_id[session_id]
        return len(ended)

    def _live(self, session_id: UUID) -> StoredSession | None:
        stored = self.by_id.get(session_id)
        now = self._clock.now()
        if stored is None or now >= min(stored.session.expires_at, stored.session.last_used_at + IDLE_FOR):
            return None
        return stored
