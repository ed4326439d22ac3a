from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from internal.application.tasks.issue_link_token import IssueLinkToken
from internal.application.tasks.send_email_once import SendEmailOnce
from internal.domain.account_token import TokenPurpose
from internal.domain.email_address import EmailAddress
from internal.ports.email_sender import Email
from internal.ports.tasks import TaskContext, TaskOptions
from internal.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEmailChange:
    """Email a link to the address that the user wants to change to. The link makes it the account's."""

    task_name: ClassVar[str] = "email:email-change"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    user_id: UUID
    email: str
    requested_at: datetime


class SendEmailChangeHandler:
    """Sends nothing if the account is gone or disabled, or if an account has the address already.

    Neither if the account has ended its sessions since the request, which an intruder may have made. The use
    case that ended them withdrew the links that were out; this one was not.
    """

    def __init__(
        self, *, uow: UnitOfWork, issue_link_token: IssueLinkToken, send_email_once: SendEmailOnce
    ) -> None:
        self._uow = uow
        self._issue_link_token = issue_link_token
        self._send_email_once = send_email_once

    async def __call__(self, task: SendEmailChange, context: TaskContext) -> None:
        recipient = EmailAddress.parse(task.email)
        async with self._uow as uow:
            # A new password that is set now waits, and then withdraws this link.
            user = await uow.users.hold(task.user_id)
            if user is None or user.disabled_at or user.has_ended_sessions_since(task.requested_at):
                return
            if await uow.users.get_by_email(recipient):
                return
            variables = await self._issue_link_token(
                TokenPurpose.CONFIRM_EMAIL, user=user, recipient=recipient, task_id=context.id, uow=uow
            )
            await uow.commit()
        await self._send_email_once(
            Email(kind="email-change", recipient=recipient, variables=variables, message_id=context.id)
        )
