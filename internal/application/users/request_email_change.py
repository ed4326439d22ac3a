from dataclasses import dataclass, field

from internal.application.auth.authenticate import Principal
from internal.application.hold_user import hold_signed_in
from internal.application.tasks.send_email_change import SendEmailChange
from internal.application.users.confirm_password import ConfirmPassword
from internal.domain.account_token import TokenPurpose
from internal.domain.caller import Caller
from internal.domain.email_address import EmailAddress
from internal.domain.security_event import EventName, SecurityEvent
from internal.ports.clock import Clock
from internal.ports.rate_limiter import Limit, RateLimiter, counted
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEmailChangeCommand:
    principal: Principal
    email: str
    password: str = field(repr=False)
    caller: Caller


class RequestEmailChange:
    """Treats every new address alike: only the owner of an account may learn that it exists."""

    def __init__(
        self, *, uow: UnitOfWork, confirm_password: ConfirmPassword, rate_limiter: RateLimiter, clock: Clock
    ) -> None:
        self._uow = uow
        self._confirm_password = confirm_password
        self._rate_limiter = rate_limiter
        self._clock = clock

    async def __call__(self, command: RequestEmailChangeCommand) -> None:
        """Email a link to the new address. The account keeps its address until the link is used.

        Links of earlier requests do nothing more.

        Raises:
            InvalidEmailAddress: no account can have this address.
            WrongPassword, RateLimited: see ConfirmPassword.
            RateLimited: too many requests of this user, or of this client.
            UserChanged: the sessions of the user were ended at the same time.
        """
        email = EmailAddress.parse(command.email).value
        user = command.principal.user
        await self._confirm_password(user, command.password, caller=command.caller)
        uses = {
            Limit.MAILS_PER_CLIENT: command.caller.network,
            Limit.EMAIL_CHANGE_MAILS_PER_ACCOUNT: str(user.id),
        }
        async with counted(self._rate_limiter, uses), self._uow as uow:
            await hold_signed_in(uow, user)
            await uow.account_tokens.withdraw(user.id, TokenPurpose.CONFIRM_EMAIL)
            await uow.tasks.publish(
                SendEmailChange(user_id=user.id, email=email, requested_at=self._clock.now())
            )
            await uow.security_events.add(
                SecurityEvent.on_own_account(
                    EventName.EMAIL_CHANGE_REQUESTED, user_id=user.id, caller=command.caller
                )
            )
            await uow.commit()
