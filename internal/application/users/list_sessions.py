from collections.abc import Sequence
from dataclasses import dataclass

from internal.domain.session import Session
from internal.domain.user import User
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSessionsCommand:
    user: User


class ListSessions:
    def __init__(self, *, uow: UnitOfWork) -> None:
        self._uow = uow

    async def __call__(self, command: ListSessionsCommand) -> Sequence[Session]:
        """Return the user's sessions, the most recently used first."""
        async with self._uow as uow:
            return await uow.sessions.list_of(command.user.id)
