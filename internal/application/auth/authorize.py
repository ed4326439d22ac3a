from dataclasses import dataclass

from internal.domain.caller import Caller
from internal.domain.errors import RateLimited
from internal.domain.role import Permission
from internal.domain.security_event import EventName, Result, SecurityEvent
from internal.domain.user import User
from internal.ports.rate_limiter import Limit, RateLimiter
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeCommand:
    user: User
    permission: Permission
    caller: Caller


class Authorize:
    """Checks a permission of a user, and records a denial: somebody tries doors that are not theirs."""

    def __init__(self, *, uow: UnitOfWork, rate_limiter: RateLimiter) -> None:
        self._uow = uow
        self._rate_limiter = rate_limiter

    async def __call__(self, command: AuthorizeCommand) -> None:
        """Raise NotPermitted unless the user's role has the permission."""
        if not command.user.role.permits(command.permission) and await self._is_worth_recording(command):
            await self._record(command)
        command.user.require(command.permission)

    async def _is_worth_recording(self, command: AuthorizeCommand) -> bool:
        """A user who repeats the request all day must not fill the table."""
        try:
            await self._rate_limiter.count({Limit.RECORDED_DENIALS_PER_USER: str(command.user.id)})
        except RateLimited:
            return False
        return True

    async def _record(self, command: AuthorizeCommand) -> None:
        event = SecurityEvent(
            name=EventName.DENIED,
            result=Result.FAILURE,
            actor_id=command.user.id,
            subject_id=command.user.id,
            caller=command.caller,
            details={"permission": command.permission.value},
        )
        async with self._uow as uow:
            await uow.security_events.add(event)
            await uow.commit()
