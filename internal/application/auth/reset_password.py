from dataclasses import dataclass, field

from internal.application.new_password import NewPassword
from internal.application.replace_password import replace_password
from internal.application.token_holder import token_holder
from internal.domain.account_token import TokenPurpose
from internal.domain.caller import Caller
from internal.domain.security_event import EventName, SecurityEvent
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.password_attempts import PasswordAttempts
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetPasswordCommand:
    token: str = field(repr=False)
    password: str = field(repr=False)
    caller: Caller


class ResetPassword:
    def __init__(
        self, *, uow: UnitOfWork, new_password: NewPassword, password_attempts: PasswordAttempts, clock: Clock
    ) -> None:
        self._uow = uow
        self._new_password = new_password
        self._password_attempts = password_attempts
        self._clock = clock

    async def __call__(self, command: ResetPasswordCommand) -> None:
        """Set the password, verify the address, end all sessions and unlock the account.

        Raises:
            InvalidAccountToken: the token cannot be used (again).
            UnacceptablePassword: the token can be used again with another password.
        """
        password_hash = await self._hash(command)

        async with self._uow as uow:
            user, _ = await token_holder(uow, command.token, TokenPurpose.RESET_PASSWORD)
            await replace_password(uow, user.reset_password(password_hash, now=self._clock.now()))
            await uow.security_events.add(
                SecurityEvent.on_own_account(EventName.PASSWORD_RESET, user_id=user.id, caller=command.caller)
            )
            await uow.commit()
        await self._unlock(user)

    async def _hash(self, command: ResetPasswordCommand) -> str:
        # Without a commit, the token stays valid. A connection must not wait for the hash.
        async with self._uow as uow:
            user, _ = await token_holder(uow, command.token, TokenPurpose.RESET_PASSWORD)
        return await self._new_password(command.password, email=user.email.value, name=user.name.value)

    async def _unlock(self, user: User) -> None:
        for account in (user.email.value, str(user.id)):
            await self._password_attempts.forget(account)
