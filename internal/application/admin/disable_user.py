from dataclasses import dataclass

from internal.application.administration import AdministerUserCommand
from internal.domain.security_event import EventName
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableUserCommand(AdministerUserCommand):
    pass


class DisableUser:
    def __init__(self, *, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def __call__(self, command: DisableUserCommand) -> User:
        """Disable an account and end its sessions. Its user cannot log in until it is enabled again.

        Raises:
            NotPermitted, UserNotFound.
            OwnAccount: administrators cannot disable their own account.
            LastAdmin: nobody else is an enabled admin.
            UserChanged: the user became an admin at the same time.
        """
        command.require_right()
        command.require_other_account()
        async with self._uow as uow:
            user = await command.dispensable_subject_in(uow)
            if not user.is_active:
                return user
            disabled = user.disable(now=self._clock.now())
            await uow.users.save(disabled)
            await uow.sessions.end_all(user.id)
            await uow.security_events.add(command.event(EventName.ADMIN_USER_DISABLED))
            await uow.commit()
        return disabled
