from dataclasses import dataclass

from internal.application.administration import AdministerUserCommand
from internal.application.tasks.send_password_reset import SendPasswordReset
from internal.domain.account_token import VALID_FOR, TokenPurpose
from internal.domain.errors import Conflict
from internal.domain.security_event import EventName
from internal.ports.clock import Clock
from internal.ports.unit_of_work import UnitOfWork


class UserDisabled(Conflict):
    code = "USER_DISABLED"

    def __init__(self) -> None:
        super().__init__("The account of this user is disabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPasswordResetCommand(AdministerUserCommand):
    pass


class StartPasswordReset:
    def __init__(self, *, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def __call__(self, command: StartPasswordResetCommand) -> None:
        """Send a user the email for a new password. Until it is used, the old password stays valid.

        Raises:
            NotPermitted, UserNotFound.
            UserDisabled: a disabled user gets no such email.
        """
        command.require_right()
        async with self._uow as uow:
            user = await command.subject_in(uow)
            if not user.is_active:
                raise UserDisabled
            await uow.tasks.publish(
                SendPasswordReset(email=user.email.value),
                deadline=self._clock.now() + VALID_FOR[TokenPurpose.RESET_PASSWORD],
            )
            await uow.security_events.add(command.event(EventName.ADMIN_PASSWORD_RESET_STARTED))
            await uow.commit()
