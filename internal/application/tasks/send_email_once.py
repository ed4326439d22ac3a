from datetime import timedelta

from internal.ports.email_sender import Email, EmailRejected, EmailSender
from internal.ports.idempotency import Busy, Done, Idempotency
from internal.ports.tasks import Permanent, RetryLater

SEND_WITHIN = timedelta(seconds=20)
# Longer than one attempt may take, so that a lapsed claim means a dead worker, not a slow one.
CLAIM_LEASE = SEND_WITHIN + timedelta(seconds=5)


class SendEmailOnce:
    """What every task that is a mail does: send it once, however often the task is delivered."""

    def __init__(self, *, idempotency: Idempotency, email_sender: EmailSender) -> None:
        self._idempotency = idempotency
        self._email_sender = email_sender

    async def __call__(self, email: Email) -> None:
        """Send the mail of the task whose id is `email.message_id`.

        SMTP has no idempotency key: a crash between the server's acceptance and `complete` can repeat
        the mail, with the same message id.

        Raises:
            RetryLater: an attempt is under way, or was cut off less than its lease ago.
            Permanent: the mail server refused it for good.
        """
        claim = await self._idempotency.claim(email.message_id, CLAIM_LEASE)
        if isinstance(claim, Done):
            return
        if isinstance(claim, Busy):
            raise RetryLater(claim.remaining)

        try:
            await self._email_sender.send(email, within=SEND_WITHIN)
        except EmailRejected as error:
            raise Permanent(str(error)) from error
        await self._idempotency.complete(email.message_id)
