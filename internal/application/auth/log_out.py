from dataclasses import dataclass, field

from internal.domain.caller import Caller
from internal.domain.security_event import EventName, SecurityEvent
from internal.ports.refresh_tokens import RefreshTokens
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOutCommand:
    refresh_token: str = field(repr=False)
    caller: Caller


class LogOut:
    def __init__(self, *, uow: UnitOfWork, refresh_tokens: RefreshTokens) -> None:
        self._uow = uow
        self._refresh_tokens = refresh_tokens

    async def __call__(self, command: LogOutCommand) -> None:
        """End the session of a refresh token, also of an old one. A session that has ended is not an error.

        Raises:
            InvalidRefreshToken: the token is forged.
        """
        token = self._refresh_tokens.read(command.refresh_token)
        async with self._uow as uow:
            user = await uow.users.of_session(token.session_id)
            if user is None:
                return
            await uow.sessions.end(token.session_id, user_id=user.id)
            await uow.security_events.add(
                SecurityEvent.on_own_account(EventName.LOGGED_OUT, user_id=user.id, caller=command.caller)
            )
            await uow.commit()
