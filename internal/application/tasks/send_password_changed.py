from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from internal.application.tasks.send_email_once import SendEmailOnce
from internal.application.tasks.time_in_words import time_in_words
from internal.domain.events import UserUpdated
from internal.ports.email_sender import Email
from internal.ports.tasks import TaskContext, TaskOptions
from internal.ports.user_reader import UserReader


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPasswordChanged:
    """Tell a user that the password was changed."""

    task_name: ClassVar[str] = "email:password-changed"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    user_id: UUID
    changed_at: datetime

    @classmethod
    def on(cls, event: UserUpdated) -> Self | None:
        if "password_hash" not in event.changed:
            return None
        return cls(user_id=event.user_id, changed_at=event.occurred_at)


class SendPasswordChangedHandler:
    """Sends nothing if the account was deleted."""

    def __init__(self, *, users: UserReader, send_email_once: SendEmailOnce) -> None:
        self._users = users
        self._send_email_once = send_email_once

    async def __call__(self, task: SendPasswordChanged, context: TaskContext) -> None:
        user = await self._users.get(task.user_id)
        if user is None:
            return
        email = Email(
            kind="password-changed",
            recipient=user.email,
            variables={"name": user.name.value, "changed_at": time_in_words(task.changed_at)},
            message_id=context.id,
        )
        await self._send_email_once(email)
