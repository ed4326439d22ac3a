from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from internal.domain.caller import Caller
from internal.domain.session import LASTS_FOR, MOST_SESSIONS, Session
from internal.domain.user import InvalidCredentials, User
from internal.ports.clock import Clock
from internal.ports.refresh_tokens import RefreshTokens
from internal.ports.token_issuer import TokenIssuer
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """What a client gets for a session. `expires_in` is the life of the access token."""

    session_id: UUID
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: timedelta


class OpenSession:
    """Begins a session as a part of the caller's unit of work."""

    def __init__(
        self,
        *,
        token_issuer: TokenIssuer,
        refresh_tokens: RefreshTokens,
        clock: Clock,
        new_id: Callable[[], UUID],
    ) -> None:
        self._token_issuer = token_issuer
        self._refresh_tokens = refresh_tokens
        self._clock = clock
        self._new_id = new_id

    async def __call__(
        self,
        uow: UnitOfWork,
        user: User,
        caller: Caller,
        *,
        is_new: bool = False,
        lasts_for: timedelta = LASTS_FOR,
    ) -> IssuedTokens:
        """Open a session for `user`, whose password was checked. It may end the one used longest ago.

        With `is_new`, this unit of work has stored the user: nobody has changed it, and it has no session.

        Raises:
            InvalidCredentials: since then the password was changed, or the account was disabled or deleted.
        """
        if not is_new:
            await _require_unchanged(uow, user)
        session = Session.begin(
            session_id=self._new_id(),
            user_id=user.id,
            caller=caller,
            now=self._clock.now(),
            lasts_for=lasts_for,
        )
        token = self._refresh_tokens.first(session.id)
        await uow.sessions.add(session, token_digest=token.digest)
        if not is_new:
            await uow.sessions.end_oldest(user.id, keep=MOST_SESSIONS)
        return IssuedTokens(
            session_id=session.id,
            access_token=self._token_issuer.issue(user.id, session_id=session.id),
            refresh_token=token.text,
            expires_in=self._token_issuer.ttl,
        )


async def _require_unchanged(uow: UnitOfWork, user: User) -> None:
    held = await uow.users.hold(user.id)
    if held is None or held.disabled_at is not None or _has_new_password(held, before=user):
        raise InvalidCredentials


def _has_new_password(user: User, *, before: User) -> bool:
    # Another log-in may have stored another hash of the same password. A new password also ends all sessions.
    is_same = user.password_hash == before.password_hash
    return not is_same and user.sessions_valid_from != before.sessions_valid_from
