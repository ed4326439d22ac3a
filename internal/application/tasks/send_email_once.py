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
# What RFC 5321 asks for (section 4.5.3.2.6): giving up on a slow server would only repeat the mail. Both
# limits together are less than a task's own (TaskOptions.timeout).
ACCEPTED_WITHIN = timedelta(minutes=10)
# How long a mail waits for another worker after its own was killed; one that is alive renews its claim.
CLAIM_LEASE = timedelta(seconds=25)
RENEWALS_IN_A_LEASE = 3
# A mail that is out is remembered as soon as Postgres can, since forgotten it would be sent again. With both
# limits above this, too, is less than a task's own.
REMEMBER_WITHIN = timedelta(minutes=15)
REMEMBER_EVERY = timedelta(milliseconds=250)
# While there is no mail server a mail is offered again and again, uncounted, for so long after it was due.
# The shorter wait is longer than a lease, which whoever has failed keeps; the spread keeps mails apart.
UNREACHABLE_FOR = timedelta(hours=48)
UNREACHABLE_WAITS = (30.0, 60.0)  # seconds


class SendEmailOnce:
    """What every task that is a mail does: send it once, however often the task is delivered."""

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

        SMTP has no idempotency key: a crash between the server's acceptance and `complete` can repeat
        the mail, with the same message id. So can a Postgres that is away for REMEMBER_WITHIN from then on,
        and a claim that is lost because it was away for longer than the lease: what has begun is finished
        nevertheless, beside whoever has claimed it since.

        Raises:
            RetryLater: an attempt is under way, or was cut off less than its lease ago; or too many mails
                are being sent already; or the mail server cannot be reached.
            Unavailable: Postgres cannot be reached, before the mail or for REMEMBER_WITHIN after it.
            Permanent: the mail server refused it for good, or could not be reached for UNREACHABLE_FOR.
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
            renewing.cancel()  # and not awaited: a Postgres that hangs would hold up who is being stopped

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
            with suppress(Unavailable):  # perhaps the next renewal gets through
                await self._idempotency.renew(key, self._lease)
