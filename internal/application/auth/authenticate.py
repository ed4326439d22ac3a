from dataclasses import dataclass, field
from uuid import UUID

from internal.domain.user import User
from internal.ports.token_issuer import AccessToken, InvalidToken, TokenIssuer
from internal.ports.user_reader import UserReader


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticateCommand:
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The user who acts, and the session; None if a version without sessions issued the token."""

    user: User
    session_id: UUID | None


class Authenticate:
    """Reads the user and the session at every request, so that any change counts at once on every replica."""

    def __init__(self, *, users: UserReader, token_issuer: TokenIssuer) -> None:
        self._users = users
        self._token_issuer = token_issuer

    async def __call__(self, command: AuthenticateCommand) -> Principal:
        """Return the user and the session that the token belongs to.

        Raises:
            InvalidToken: not issued by us, or expired; its session has ended, or its user is disabled or
                deleted.
        """
        token = self._token_issuer.verify(command.token)
        user = await self._user_of(token)
        if user is None or user.id != token.user_id or user.disabled_at is not None:
            raise InvalidToken
        return Principal(user=user, session_id=token.session_id)

    async def _user_of(self, token: AccessToken) -> User | None:
        if token.session_id is not None:
            return await self._users.of_session(token.session_id)
        user = await self._users.get(token.user_id)
        is_void = user and user.sessions_valid_from and token.issued_at < user.sessions_valid_from
        return None if is_void else user
