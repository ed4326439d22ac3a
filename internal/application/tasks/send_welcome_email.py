from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from internal.application.tasks.send_email_once import SendEmailOnce
from internal.domain.email_address import EmailAddress
from internal.ports.email_sender import Email
from internal.ports.tasks import TaskContext, TaskOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWelcomeEmail:
    """Greet a new user by email."""

    task_name: ClassVar[str] = "email:welcome"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    user_id: UUID
    email: str
    name: str


class SendWelcomeEmailHandler:
    def __init__(self, *, send_email_once: SendEmailOnce) -> None:
        self._send_email_once = send_email_once

    async def __call__(self, task: SendWelcomeEmail, context: TaskContext) -> None:
        email = Email(
            kind="welcome",
            recipient=EmailAddress.parse(task.email),
            variables={"name": task.name},
            message_id=context.id,
        )
        await self._send_email_once(email)
