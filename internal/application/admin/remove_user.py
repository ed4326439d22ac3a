from dataclasses import dataclass

from internal.application.administration import AdministerUserCommand
from internal.application.erase_account import erase_account
from internal.domain.security_event import EventName
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveUserCommand(AdministerUserCommand):
    pass


class RemoveUser:
    def __init__(self, *, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def __call__(self, command: RemoveUserCommand) -> None:
        """Delete an account with everything that belongs to it.

        Raises:
            NotPermitted, UserNotFound.
            OwnAccount: administrators delete their own account as every user does.
            LastAdmin: nobody else is an enabled admin.
            UserChanged: the user became an admin at the same time.
        """
        command.require_right()
        command.require_other_account()
        async with self._uow as uow:
            user = await command.dispensable_subject_in(uow)
            event = command.event(EventName.ADMIN_USER_DELETED)
            await erase_account(uow, user, event, now=self._clock.now())
            await uow.commit()
