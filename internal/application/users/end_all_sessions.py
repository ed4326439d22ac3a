from dataclasses import dataclass

from internal.domain.caller import Caller
from internal.domain.security_event import EventName, SecurityEvent
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class EndAllSessionsCommand:
    user: User
    caller: Caller


class EndAllSessions:
    def __init__(self, *, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def __call__(self, command: EndAllSessionsCommand) -> int:
        """End all sessions of the user, also the one that asks. Returns how many."""
        async with self._uow as uow:
            if (held := await uow.users.hold(command.user.id)) is None:
                return 0
            await uow.users.save(held.end_all_sessions(now=self._clock.now()))
            ended = await uow.sessions.end_all(command.user.id)
            await uow.security_events.add(
                SecurityEvent(
                    name=EventName.ALL_SESSIONS_ENDED,
                    actor_id=command.user.id,
                    subject_id=command.user.id,
                    caller=command.caller,
                    details={"sessions": str(ended)},
                )
            )
            await uow.commit()
        return ended
