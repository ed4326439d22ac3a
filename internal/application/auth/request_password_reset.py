from dataclasses import dataclass

from internal.application.tasks.send_password_reset import SendPasswordReset
from internal.domain.account_token import VALID_FOR, TokenPurpose
from internal.domain.caller import Caller
from internal.domain.email_address import EmailAddress
from internal.ports.clock import Clock
from internal.ports.rate_limiter import Limit, RateLimiter, counted
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPasswordResetCommand:
    email: str
    caller: Caller


class RequestPasswordReset:
    """Treats every address alike: the task looks for the account, so no answer reveals one."""

    def __init__(self, *, uow: UnitOfWork, rate_limiter: RateLimiter, clock: Clock) -> None:
        self._uow = uow
        self._rate_limiter = rate_limiter
        self._clock = clock

    async def __call__(self, command: RequestPasswordResetCommand) -> None:
        """Email a link for a new password, if there is an account with this address.

        Raises:
            InvalidEmailAddress: this cannot be the address of an account.
            RateLimited: too many requests for this address, or of this client.
        """
        email = EmailAddress.parse(command.email).value
        uses = {Limit.MAILS_PER_CLIENT: command.caller.network, Limit.RESET_MAILS_PER_ACCOUNT: email}
        async with counted(self._rate_limiter, uses), self._uow as uow:
            deadline = self._clock.now() + VALID_FOR[TokenPurpose.RESET_PASSWORD]
            await uow.tasks.publish(SendPasswordReset(email=email), deadline=deadline)
            await uow.commit()
