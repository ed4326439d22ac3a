from dataclasses import dataclass

from internal.application.tasks.send_verification_email import SendVerificationEmail
from internal.domain.caller import Caller
from internal.domain.email_address import EmailAddress
from internal.ports.rate_limiter import Limit, RateLimiter, counted
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestVerificationCommand:
    email: str
    caller: Caller


class RequestVerification:
    """Treats every address alike: the task looks for the account, so no answer reveals one."""

    def __init__(self, *, uow: UnitOfWork, rate_limiter: RateLimiter) -> None:
        self._uow = uow
        self._rate_limiter = rate_limiter

    async def __call__(self, command: RequestVerificationCommand) -> None:
        """Email a new link for verification, if there is an account with this address that needs one.

        Raises:
            InvalidEmailAddress: this cannot be the address of an account.
            RateLimited: too many requests for this address, or of this client.
        """
        email = EmailAddress.parse(command.email).value
        uses = {Limit.MAILS_PER_CLIENT: command.caller.network, Limit.VERIFICATION_MAILS_PER_ACCOUNT: email}
        async with counted(self._rate_limiter, uses), self._uow as uow:
            await uow.tasks.publish(SendVerificationEmail(email=email))
            await uow.commit()
