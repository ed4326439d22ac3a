from dataclasses import dataclass

from internal.application.administration import AdministerUserCommand
from internal.domain.security_event import EventName
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableUserCommand(AdministerUserCommand):
    pass


class EnableUser:
    def __init__(self, *, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def __call__(self, command: EnableUserCommand) -> User:
        """Let the user of a disabled account log in again.

        Raises:
            NotPermitted, UserNotFound.
        """
        command.require_right()
        async with self._uow as uow:
            user = await command.subject_in(uow)
            if user.is_active:
                return user
            enabled = user.enable(now=self._clock.now())
            await uow.users.save(enabled)
            await uow.security_events.add(command.event(EventName.ADMIN_USER_ENABLED))
            await uow.commit()
        return enabled
