from datetime import timedelta
from itertools import count
from uuid import UUID

from internal.ports.clock import Clock
from internal.ports.token_issuer import AccessToken, InvalidToken


class FakeTokenIssuer:
    def __init__(self, *, clock: Clock, ttl: timedelta) -> None:
        self.ttl = ttl
        self._clock = clock
        self._numbers = count(1)
        self._issued: dict[str, AccessToken] = {}

    def issue(self, user_id: UUID, *, session_id: UUID) -> str:
        return self._issue(user_id, session_id)

    def issue_without_session(self, user_id: UUID) -> str:
        """Return a token as a version without sessions issued it."""
        return self._issue(user_id, None)

    def _issue(self, user_id: UUID, session_id: UUID | None) -> str:
        token = f"token-{next(self._numbers)}"
        issued_at = self._clock.now().replace(microsecond=0)
        self._issued[token] = AccessToken(user_id=user_id, session_id=session_id, issued_at=issued_at)
        return token

    def verify(self, token: str) -> AccessToken:
        issued = self._issued.get(token)
        if issued is None or self._clock.now() >= issued.issued_at + self.ttl:
            raise InvalidToken
        return issued
