from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from internal.ports.clock import Clock
from internal.ports.token_issuer import InvalidToken


class FakeTokenIssuer:
    def __init__(self, *, clock: Clock, ttl: timedelta) -> None:
        self._clock = clock
        self._ttl = ttl
        self._numbers = count(1)
        self._issued: dict[str, tuple[UUID, datetime]] = {}

    def issue(self, user_id: UUID) -> str:
        token = f"token-{next(self._numbers)}"
        self._issued[token] = user_id, self._clock.now() + self._ttl
        return token

    def verify(self, token: str) -> UUID:
        if token not in self._issued:
            raise InvalidToken
        user_id, expires_at = self._issued[token]
        if self._clock.now() >= expires_at:
            raise InvalidToken
        return user_id
