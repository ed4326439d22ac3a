from dataclasses import dataclass, field

from internal.application.token_holder import token_holder
from internal.domain.account_token import TokenPurpose
from internal.domain.caller import Caller
from internal.domain.security_event import EventName, SecurityEvent
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyEmailCommand:
    token: str = field(repr=False)
    caller: Caller


class VerifyEmail:
    def __init__(self, *, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def __call__(self, command: VerifyEmailCommand) -> None:
        """Note that the user reads mail to the address of the account, if that is not known yet.

        Raises:
            InvalidAccountToken: the token cannot be used (again).
        """
        async with self._uow as uow:
            user, _ = await token_holder(uow, command.token, TokenPurpose.VERIFY_EMAIL)
            if user.verified_at is None:
                await uow.users.save(user.verify_email(now=self._clock.now()))
                await uow.security_events.add(
                    SecurityEvent.on_own_account(
                        EventName.EMAIL_VERIFIED, user_id=user.id, caller=command.caller
                    )
                )
            await uow.commit()
