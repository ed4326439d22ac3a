from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from internal.application.tasks.send_email_once import SendEmailOnce
from internal.application.tasks.time_in_words import time_in_words
from internal.domain.email_address import EmailAddress
from internal.ports.email_sender import Email
from internal.ports.tasks import TaskContext, TaskOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEmailChanged:
    """Tell the old address of an account that the account has another one now."""

    task_name: ClassVar[str] = "email:email-changed"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    user_id: UUID
    email: str
    name: str
    changed_at: datetime


class SendEmailChangedHandler:
    def __init__(self, *, send_email_once: SendEmailOnce) -> None:
        self._send_email_once = send_email_once

    async def __call__(self, task: SendEmailChanged, context: TaskContext) -> None:
        email = Email(
            kind="email-changed",
            recipient=EmailAddress.parse(task.email),
            variables={"name": task.name, "changed_at": time_in_words(task.changed_at)},
            message_id=context.id,
        )
        await self._send_email_once(email)
