from dataclasses import dataclass
from uuid import UUID

from internal.application.administration import Actor
from internal.domain.email_address import EmailAddress
from internal.domain.role import Permission
from internal.domain.user import User, UserNotFound
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewUserCommand:
    actor: Actor
    user: UUID | EmailAddress


class ViewUser:
    def __init__(self, *, uow: UnitOfWork) -> None:
        self._uow = uow

    async def __call__(self, command: ViewUserCommand) -> User:
        """Return one user. Raises NotPermitted or UserNotFound."""
        command.actor.require(Permission.VIEW_USERS)
        async with self._uow as uow:
            if isinstance(command.user, UUID):
                user = await uow.users.get(command.user)
            else:
                user = await uow.users.get_by_email(command.user)
        if user is None:
            raise UserNotFound
        return user
