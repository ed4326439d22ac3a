from dataclasses import dataclass

from internal.application.administration import AdministerUserCommand
from internal.domain.security_event import EventName
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeSessionsCommand(AdministerUserCommand):
    pass


class RevokeSessions:
    def __init__(self, *, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def __call__(self, command: RevokeSessionsCommand) -> int:
        """End all sessions of a user, and return how many there were. The user may log in again.

        Raises:
            NotPermitted, UserNotFound.
        """
        command.require_right()
        async with self._uow as uow:
            user = await command.subject_in(uow)
            await uow.users.save(user.end_all_sessions(now=self._clock.now()))
            ended = await uow.sessions.end_all(user.id)
            await uow.security_events.add(
                command.event(EventName.ADMIN_SESSIONS_REVOKED, sessions=str(ended))
            )
            await uow.commit()
        return ended
