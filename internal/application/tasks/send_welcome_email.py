from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from internal.domain.email_address import EmailAddress
from internal.ports.email_sender import Email, EmailRejected, EmailSender
from internal.ports.idempotency import Busy, Done, Idempotency
from internal.ports.tasks import Permanent, RetryLater, TaskContext, TaskOptions

SEND_WITHIN = timedelta(seconds=20)
# Longer than one attempt may take, so that a lapsed claim means a dead worker, not a slow one.
CLAIM_LEASE = SEND_WITHIN + timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWelcomeEmail:
    """Greet a new user by mail."""

    task_name: ClassVar[str] = "email:welcome"
    task_options: ClassVar[TaskOptions] = TaskOptions()

    user_id: UUID
    email: str
    name: str


class SendWelcomeEmailHandler:
    def __init__(self, *, idempotency: Idempotency, email_sender: EmailSender) -> None:
        self._idempotency = idempotency
        self._email_sender = email_sender

    async def __call__(self, task: SendWelcomeEmail, context: TaskContext) -> None:
        """Send the mail once per task, however often the task is delivered.

        SMTP has no idempotency key: a crash between the server's acceptance and `complete` can repeat
        the mail, with the same message id.

        Raises:
            RetryLater: another worker is sending it.
            Permanent: the mail server refused it for good.
        """
        claim = await self._idempotency.claim(context.id, CLAIM_LEASE)
        if isinstance(claim, Done):
            return
        if isinstance(claim, Busy):
            raise RetryLater(claim.remaining)

        email = Email(
            kind="welcome",
            recipient=EmailAddress.parse(task.email),
            variables={"name": task.name},
            message_id=context.id,
        )
        try:
            await self._email_sender.send(email, within=SEND_WITHIN)
        except EmailRejected as error:
            raise Permanent(str(error)) from error
        await self._idempotency.complete(context.id)
