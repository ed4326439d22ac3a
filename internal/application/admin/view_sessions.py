from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from internal.application.administration import Actor
from internal.domain.role import Permission
from internal.domain.session import Session
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSessionsCommand:
    actor: Actor
    user_id: UUID


class ViewSessions:
    def __init__(self, *, uow: UnitOfWork) -> None:
        self._uow = uow

    async def __call__(self, command: ViewSessionsCommand) -> Sequence[Session]:
        """Return the sessions of a user, the most recently used first. Raises NotPermitted."""
        command.actor.require(Permission.MANAGE_USERS)
        async with self._uow as uow:
            return await uow.sessions.list_of(command.user_id)
