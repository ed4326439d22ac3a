import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from internal.application.tasks.bulkhead import Bulkhead
from internal.ports.email_sender import Email, EmailRejected, EmailSender, MailServerUnreachable
from internal.ports.idempotency import Busy, Done, Idempotency
from internal.ports.tasks import Permanent, RetryLater
from internal.ports.unavailable import Unavailable

SEND_WITHIN = timedelta(seconds=20)
# RFC 5321, section 4.5.3.2.6, asks for this time. A client that gives up on a slow server repeats the mail.
# Both limits together are shorter than a task's own (TaskOptions.timeout).
ACCEPTED_WITHIN = timedelta(minutes=10)
# How long a mail waits for another worker after its own was killed. A live worker renews its claim.
CLAIM_LEASE = timedelta(seconds=25)
RENEWALS_IN_A_LEASE = 3
# How long to retry until Postgres records that the mail was sent; without the record it would be sent again.
# Together with both limits above, this is shorter than a task's own limit too.
REMEMBER_WITHIN = timedelta(minutes=15)
REMEMBER_EVERY = timedelta(milliseconds=250)
# For this long after it was due, a mail is retried while the mail server is unreachable. These tries do not
# count as attempts. Each wait is longer than a lease, which a failed try keeps; the range spreads the mails.
UNREACHABLE_FOR = timedelta(hours=48)
UNREACHABLE_WAITS = (30.0, 60.0)  # seconds


class SendEmailOnce:
    """Sends the mail of a task once, even if the task is delivered more than once."""

    def __init__(
        self,
        *,
        idempotency: Idempotency,
        email_sender: EmailSender,
        bulkhead: Bulkhead,
        draw: Callable[[float, float], float] = random.uniform,
        send_within: timedelta = SEND_WITHIN,
        accepted_within: timedelta = ACCEPTED_WITHIN,
        lease: timedelta = CLAIM_LEASE,
        remember_within: timedelta = REMEMBER_WITHIN,
    ) -> None:
        self._idempotency = idempotency
        self._email_sender = email_sender
        self._bulkhead = bulkhead
        self._draw = draw
        self._send_within = send_within
        self._accepted_within = accepted_within
        self._lease = lease
        self._remember_within = remember_within

    async def __call__(self, email: Email) -> None:
        """Send the mail of the task whose id is `email.message_id`.

        SMTP has no idempotency key, so three cases can repeat the mail, with the same message id. The worker
        crashes between the server's acceptance and `complete`. Postgres is down for REMEMBER_WITHIN from then
        on. Postgres is down for longer than the lease, so another worker claims a mail that is being sent.

        Raises:
            RetryLater: another attempt is running, or was cut off less than a lease ago. Or too many mails
                are being sent. Or the mail server cannot be reached.
            Unavailable: Postgres is down before the mail, or for REMEMBER_WITHIN after it.
            Permanent: the mail server refused the mail permanently, or was unreachable for UNREACHABLE_FOR.
        """
        async with self._bulkhead:
            await self._claim_and_send(email)

    async def _claim_and_send(self, email: Email) -> None:
        claim = await self._idempotency.claim(email.message_id, self._lease)
        if isinstance(claim, Done):
            return
        if isinstance(claim, Busy):
            raise RetryLater(claim.remaining)

        renewing = asyncio.create_task(self._keep_claim(email.message_id))
        try:
            await self._send(email, age=claim.age)
            await self._remember(email.message_id)
        finally:
            renewing.cancel()  # not awaited: a Postgres that hangs must not delay a worker that stops

    async def _send(self, email: Email, *, age: timedelta) -> None:
        try:
            await self._email_sender.send(
                email, within=self._send_within, accepted_within=self._accepted_within
            )
        except EmailRejected as error:
            raise Permanent(str(error)) from error
        except MailServerUnreachable as error:
            if age >= UNREACHABLE_FOR:
                hours = UNREACHABLE_FOR // timedelta(hours=1)
                raise Permanent(f"the mail server could not be reached for {hours} hours: {error}") from error
            raise RetryLater(timedelta(seconds=self._draw(*UNREACHABLE_WAITS))) from error

    async def _remember(self, key: str) -> None:
        loop = asyncio.get_running_loop()
        last = loop.time() + self._remember_within.total_seconds()
        while True:
            try:
                return await self._idempotency.complete(key)
            except Unavailable:
                if loop.time() >= last:
                    raise
            await asyncio.sleep(REMEMBER_EVERY.total_seconds())

    async def _keep_claim(self, key: str) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / RENEWALS_IN_A_LEASE)
            with suppress(Unavailable):  # the next renewal may succeed
                await self._idempotency.renew(key, self._lease)
