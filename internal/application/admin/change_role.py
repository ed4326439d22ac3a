from dataclasses import dataclass

from internal.application.administration import AdministerUserCommand
from internal.domain.role import Role
from internal.domain.security_event import EventName
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRoleCommand(AdministerUserCommand):
    role: Role


class ChangeRole:
    def __init__(self, *, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def __call__(self, command: ChangeRoleCommand) -> User:
        """Give a user another role. Their next request has the rights of the new one.

        Raises:
            NotPermitted, UserNotFound.
            OwnAccount: administrators cannot change their own role.
            LastAdmin: nobody else is an enabled admin.
            UserChanged: the user became an admin at the same time.
        """
        command.require_right()
        command.require_other_account()
        async with self._uow as uow:
            if command.role is Role.ADMIN:
                user = await command.subject_in(uow)
            else:
                user = await command.dispensable_subject_in(uow)
            if user.role is command.role:
                return user
            changed = user.change_role(command.role, now=self._clock.now())
            await uow.users.save(changed)
            await uow.security_events.add(
                command.event(EventName.ADMIN_ROLE_CHANGED, before=user.role, role=command.role)
            )
            await uow.commit()
        return changed
