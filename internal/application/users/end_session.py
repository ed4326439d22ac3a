from dataclasses import dataclass
from uuid import UUID

from internal.domain.caller import Caller
from internal.domain.errors import NotFound
from internal.domain.security_event import EventName, SecurityEvent
from internal.domain.user import User
from internal.ports.unit_of_work import UnitOfWork


class SessionNotFound(NotFound):
    code = "SESSION_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("Session not found")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessionCommand:
    user: User
    session_id: UUID
    caller: Caller


class EndSession:
    def __init__(self, *, uow: UnitOfWork) -> None:
        self._uow = uow

    async def __call__(self, command: EndSessionCommand) -> None:
        """End one session of the user. Its access token stops working at once.

        Raises:
            SessionNotFound: the user has no such session.
        """
        async with self._uow as uow:
            if not await uow.sessions.end(command.session_id, user_id=command.user.id):
                raise SessionNotFound
            await uow.security_events.add(
                SecurityEvent(
                    name=EventName.SESSION_ENDED,
                    actor_id=command.user.id,
                    subject_id=command.user.id,
                    caller=command.caller,
                    details={"session_id": str(command.session_id)},
                )
            )
            await uow.commit()
