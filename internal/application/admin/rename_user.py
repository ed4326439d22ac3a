from dataclasses import dataclass

from internal.application.administration import AdministerUserCommand
from internal.domain.display_name import DisplayName
from internal.domain.security_event import EventName
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameUserCommand(AdministerUserCommand):
    name: str


class RenameUser:
    def __init__(self, *, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def __call__(self, command: RenameUserCommand) -> User:
        """Change the name of a user.

        Raises:
            NotPermitted, UserNotFound.
            InvalidDisplayName: the name breaks a rule.
        """
        command.require_right()
        name = DisplayName.parse(command.name)
        async with self._uow as uow:
            user = (await command.subject_in(uow)).rename(name, now=self._clock.now())
            await uow.users.save(user)
            await uow.security_events.add(command.event(EventName.ADMIN_USER_RENAMED))
            await uow.commit()
        return user
