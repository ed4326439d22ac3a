from dataclasses import dataclass, field

from internal.application.auth.authenticate import Principal
from internal.application.erase_account import erase_account
from internal.application.hold_user import hold_signed_in, hold_unless_last_admin
from internal.application.users.confirm_password import ConfirmPassword
from internal.domain.caller import Caller
from internal.domain.security_event import EventName, SecurityEvent
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAccountCommand:
    principal: Principal
    password: str = field(repr=False)
    caller: Caller


class DeleteAccount:
    def __init__(self, *, uow: UnitOfWork, confirm_password: ConfirmPassword, clock: Clock) -> None:
        self._uow = uow
        self._confirm_password = confirm_password
        self._clock = clock

    async def __call__(self, command: DeleteAccountCommand) -> None:
        """Delete the user's own account with everything that belongs to it.

        Raises:
            WrongPassword, RateLimited: see ConfirmPassword.
            LastAdmin: nobody else is an enabled admin.
            UserChanged: the user became an admin, or the sessions were ended, at the same time.
        """
        user = command.principal.user
        await self._confirm_password(user, command.password, caller=command.caller)
        async with self._uow as uow:
            if await hold_unless_last_admin(uow, user) is None:
                return
            held = await hold_signed_in(uow, user)
            event = SecurityEvent.on_own_account(EventName.DELETED, user_id=user.id, caller=command.caller)
            await erase_account(uow, held, event, now=self._clock.now())
            await uow.commit()
