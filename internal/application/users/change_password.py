from dataclasses import dataclass, field

from internal.application.auth.authenticate import Principal
from internal.application.hold_user import hold_signed_in
from internal.application.new_password import NewPassword
from internal.application.replace_password import replace_password
from internal.application.users.confirm_password import ConfirmPassword
from internal.domain.caller import Caller
from internal.domain.password_policy import UnacceptablePassword
from internal.domain.security_event import EventName, SecurityEvent
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePasswordCommand:
    principal: Principal
    current_password: str = field(repr=False)
    new_password: str = field(repr=False)
    caller: Caller


class ChangePassword:
    def __init__(
        self,
        *,
        uow: UnitOfWork,
        confirm_password: ConfirmPassword,
        new_password: NewPassword,
        clock: Clock,
    ) -> None:
        self._uow = uow
        self._confirm_password = confirm_password
        self._new_password = new_password
        self._clock = clock

    async def __call__(self, command: ChangePasswordCommand) -> None:
        """Set another password and end all other sessions.

        Raises:
            WrongPassword, RateLimited: see ConfirmPassword.
            UnacceptablePassword: too short, too long or too easy to guess.
            UserChanged: the sessions of the user were ended at the same time.
        """
        user = command.principal.user
        await self._confirm_password(user, command.current_password, caller=command.caller)
        password_hash = await self._hash(user, command.new_password)

        async with self._uow as uow:
            held = await hold_signed_in(uow, user)
            changed = held.change_password(password_hash, now=self._clock.now())
            await replace_password(uow, changed, keep=command.principal.session_id)
            await uow.security_events.add(
                SecurityEvent.on_own_account(
                    EventName.PASSWORD_CHANGED, user_id=user.id, caller=command.caller
                )
            )
            await uow.commit()

    async def _hash(self, user: User, password: str) -> str:
        try:
            return await self._new_password(password, email=user.email.value, name=user.name.value)
        except UnacceptablePassword as error:
            error.errors = {"new_password": error.errors["password"]}
            raise
