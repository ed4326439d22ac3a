from dataclasses import dataclass

from internal.application.auth.authenticate import Principal
from internal.application.hold_user import hold_signed_in
from internal.domain.caller import Caller
from internal.domain.display_name import DisplayName
from internal.domain.security_event import EventName, SecurityEvent
from internal.domain.user import User
from internal.ports.clock import Clock
from internal.ports.rate_limiter import Limit, RateLimiter, counted
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeNameCommand:
    principal: Principal
    name: str
    caller: Caller


class ChangeName:
    def __init__(self, *, uow: UnitOfWork, rate_limiter: RateLimiter, clock: Clock) -> None:
        self._uow = uow
        self._rate_limiter = rate_limiter
        self._clock = clock

    async def __call__(self, command: ChangeNameCommand) -> User:
        """Give the user another name.

        Raises:
            InvalidDisplayName: the name breaks a rule.
            RateLimited: too many changes of this user.
            UserChanged: the sessions of the user were ended at the same time.
        """
        name = DisplayName.parse(command.name)
        uses = {Limit.NAME_CHANGES_PER_USER: str(command.principal.user.id)}
        async with counted(self._rate_limiter, uses), self._uow as uow:
            held = await hold_signed_in(uow, command.principal.user)
            user = held.rename(name, now=self._clock.now())
            await uow.users.save(user)
            await uow.security_events.add(
                SecurityEvent.on_own_account(EventName.RENAMED, user_id=user.id, caller=command.caller)
            )
            await uow.commit()
        return user
