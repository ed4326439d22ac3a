from dataclasses import dataclass
from typing import ClassVar

from internal.application.tasks.issue_link_token import IssueLinkToken
from internal.application.tasks.send_email_once import SendEmailOnce
from internal.domain.account_token import TokenPurpose
from internal.domain.email_address import EmailAddress
from internal.ports.email_sender import Email
from internal.ports.tasks import TaskContext, TaskOptions
from internal.ports.user_reader import UserReader


@dataclass(frozen=True, slots=True, kw_only=True)
class SendVerificationEmail:
    """Email a new link that verifies this address.

    Publish it for every address that somebody asks for: only the handler knows whether there is an account.
    """

    task_name: ClassVar[str] = "email:verification"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    email: str


class SendVerificationEmailHandler:
    """Sends nothing if no account has this address, or its address is verified, or it is disabled."""

    def __init__(
        self, *, users: UserReader, issue_link_token: IssueLinkToken, send_email_once: SendEmailOnce
    ) -> None:
        self._users = users
        self._issue_link_token = issue_link_token
        self._send_email_once = send_email_once

    async def __call__(self, task: SendVerificationEmail, context: TaskContext) -> None:
        recipient = EmailAddress.parse(task.email)
        user = await self._users.get_by_email(recipient)
        if user is None or user.verified_at or user.disabled_at:
            return
        variables = await self._issue_link_token(
            TokenPurpose.VERIFY_EMAIL, user=user, recipient=recipient, task_id=context.id
        )
        await self._send_email_once(
            Email(kind="verification", recipient=recipient, variables=variables, message_id=context.id)
        )
