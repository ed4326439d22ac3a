from dataclasses import dataclass
from typing import ClassVar, Self
from uuid import UUID

from internal.application.tasks.issue_link_token import IssueLinkToken
from internal.application.tasks.send_email_once import SendEmailOnce
from internal.domain.account_token import TokenPurpose
from internal.domain.events import UserCreated
from internal.ports.email_sender import Email
from internal.ports.tasks import TaskContext, TaskOptions
from internal.ports.user_reader import UserReader


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWelcomeEmail:
    """Greet a new user by email, with a link that verifies the address."""

    task_name: ClassVar[str] = "email:welcome"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    user_id: UUID

    @classmethod
    def on(cls, event: UserCreated) -> Self | None:
        return None if event.is_verified else cls(user_id=event.user_id)


class SendWelcomeEmailHandler:
    """Sends nothing if the account was deleted or disabled, or if its address is verified already."""

    def __init__(
        self, *, users: UserReader, issue_link_token: IssueLinkToken, send_email_once: SendEmailOnce
    ) -> None:
        self._users = users
        self._issue_link_token = issue_link_token
        self._send_email_once = send_email_once

    async def __call__(self, task: SendWelcomeEmail, context: TaskContext) -> None:
        user = await self._users.get(task.user_id)
        if user is None or user.disabled_at or user.verified_at:
            return
        variables = await self._issue_link_token(
            TokenPurpose.VERIFY_EMAIL, user=user, recipient=user.email, task_id=context.id
        )
        await self._send_email_once(
            Email(kind="welcome", recipient=user.email, variables=variables, message_id=context.id)
        )
