from itertools import count
from uuid import UUID

from internal.ports.refresh_tokens import InvalidRefreshToken, RefreshToken


class FakeRefreshTokens:
    """Tokens say what they are: `<session>/<number of the log-in>/<number of the rotation>`."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def first(self, session_id: UUID) -> RefreshToken:
        return _token(session_id, f"{next(self._numbers)}/0")

    def successor(self, token: RefreshToken) -> RefreshToken:
        log_in, rotation = token.secret.decode().split("/")
        return _token(token.session_id, f"{log_in}/{int(rotation) + 1}")

    def read(self, text: str) -> RefreshToken:
        session_id, slash, secret = text.partition("/")
        if not slash:
            raise InvalidRefreshToken
        return _token(UUID(session_id), secret)


def _token(session_id: UUID, secret: str) -> RefreshToken:
    return RefreshToken(session_id=session_id, secret=secret.encode(), text=f"{session_id}/{secret}")
