from dataclasses import dataclass, field

from internal.application.tasks.send_email_changed import SendEmailChanged
from internal.application.token_holder import token_holder
from internal.domain.account_token import TokenPurpose
from internal.domain.caller import Caller
from internal.domain.email_address import EmailAddress
from internal.domain.security_event import EventName, SecurityEvent
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmEmailCommand:
    token: str = field(repr=False)
    caller: Caller


class ConfirmEmail:
    def __init__(self, *, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def __call__(self, command: ConfirmEmailCommand) -> None:
        """Give the account the address that the mail went to, and tell the address before.

        Raises:
            InvalidAccountToken: the token cannot be used (again).
            EmailAlreadyRegistered: another account got the address since the mail.
        """
        now = self._clock.now()
        async with self._uow as uow:
            user, token = await token_holder(uow, command.token, TokenPurpose.CONFIRM_EMAIL)
            await uow.users.save(user.change_email(EmailAddress(token.email), now=now))
            for purpose in TokenPurpose:
                await uow.account_tokens.withdraw(user.id, purpose)
            await uow.tasks.publish(
                SendEmailChanged(
                    user_id=user.id, email=user.email.value, name=user.name.value, changed_at=now
                )
            )
            await uow.security_events.add(
                SecurityEvent.on_own_account(EventName.EMAIL_CHANGED, user_id=user.id, caller=command.caller)
            )
            await uow.commit()
