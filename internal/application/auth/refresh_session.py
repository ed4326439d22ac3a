from dataclasses import dataclass, field
from datetime import timedelta

from internal.application.auth.open_session import IssuedTokens
from internal.domain.caller import Caller
from internal.domain.security_event import EventName, Result, SecurityEvent
from internal.domain.session import IDLE_FOR
from internal.domain.user import User
from internal.ports.rate_limiter import Limit, RateLimiter
from internal.ports.refresh_tokens import InvalidRefreshToken, RefreshToken, RefreshTokens
from internal.ports.session_repository import Rotation
from internal.ports.token_issuer import TokenIssuer
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSessionCommand:
    """idle_for: the session has ended if it was not refreshed for this long."""

    refresh_token: str = field(repr=False)
    caller: Caller
    idle_for: timedelta = IDLE_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshedSession:
    user: User
    tokens: IssuedTokens


class RefreshSession:
    def __init__(
        self,
        *,
        uow: UnitOfWork,
        rate_limiter: RateLimiter,
        token_issuer: TokenIssuer,
        refresh_tokens: RefreshTokens,
    ) -> None:
        self._uow = uow
        self._rate_limiter = rate_limiter
        self._token_issuer = token_issuer
        self._refresh_tokens = refresh_tokens

    async def __call__(self, command: RefreshSessionCommand) -> RefreshedSession:
        """Exchange a refresh token for its successor and a new access token.

        A client that lost the answer may repeat the request for REPEAT_FOR and gets the same successor. A
        token that is presented later, or once its successor was, ends the session: one of two has stolen it.

        Raises:
            RateLimited: too many requests of this client.
            InvalidRefreshToken: forged, used before, or its session has ended.
        """
        await self._rate_limiter.count({Limit.REFRESHES_PER_CLIENT: command.caller.network})
        token = self._refresh_tokens.read(command.refresh_token)
        successor = self._refresh_tokens.successor(token)
        async with self._uow as uow:
            user = await uow.users.of_session(token.session_id)
            if user is None or user.disabled_at is not None:
                raise InvalidRefreshToken
            rotation = await uow.sessions.rotate(
                token.session_id,
                digest=token.digest,
                successor_digest=successor.digest,
                idle_for=command.idle_for,
            )
            if rotation is Rotation.REUSED:
                await _end(uow, user, token, command.caller)
            await uow.commit()
        if rotation in {Rotation.REUSED, Rotation.ENDED}:
            raise InvalidRefreshToken
        return RefreshedSession(user=user, tokens=self._issue(user, successor))

    def _issue(self, user: User, token: RefreshToken) -> IssuedTokens:
        return IssuedTokens(
            session_id=token.session_id,
            access_token=self._token_issuer.issue(user.id, session_id=token.session_id),
            refresh_token=token.text,
            expires_in=self._token_issuer.ttl,
        )


async def _end(uow: UnitOfWork, user: User, token: RefreshToken, caller: Caller) -> None:
    await uow.sessions.end(token.session_id, user_id=user.id)
    await uow.security_events.add(
        SecurityEvent(
            name=EventName.REFRESH_REUSED,
            result=Result.FAILURE,
            actor_id=None,
            subject_id=user.id,
            caller=caller,
            details={"session_id": str(token.session_id)},
        )
    )
