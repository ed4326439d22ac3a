import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from internal.application.tasks.bulkhead import Bulkhead
from internal.application.tasks.send_email_once import (
    ACCEPTED_WITHIN,
    CLAIM_LEASE,
    REMEMBER_WITHIN,
    RENEWALS_IN_A_LEASE,
    SEND_WITHIN,
    UNREACHABLE_FOR,
    UNREACHABLE_WAITS,
    SendEmailOnce,
)
from internal.domain.email_address import EmailAddress
from internal.ports.email_sender import Email, EmailRejected, MailServerUnreachable
from internal.ports.idempotency import Claim, UnknownIdempotencyKey
from internal.ports.tasks import Permanent, RetryLater, TaskOptions
from internal.ports.unavailable import Unavailable
from tests.fakes.clock import FakeClock
from tests.fakes.email_sender import FakeEmailSender
from tests.fakes.idempotency import FakeIdempotency

pytestmark = pytest.mark.anyio

KEY = "task-1"
EMAIL = Email(
    kind="welcome",
    recipient=EmailAddress.parse("ada@example.com"),
    variables={"name": "Ada"},
    message_id=KEY,
)


LEASE = timedelta(milliseconds=90)
RENEWS_EVERY = LEASE / RENEWALS_IN_A_LEASE


class Worker:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.emails = FakeEmailSender()
        self.idempotency = FakeIdempotency(self.clock)
        self.idempotency.add(KEY)
        self.send_once = SendEmailOnce(
            idempotency=self.idempotency,
            email_sender=self.emails,
            bulkhead=Bulkhead(places=2, patience=timedelta(milliseconds=10)),
            lease=LEASE,
            remember_within=LEASE,
        )

    async def begin(self) -> "asyncio.Task[None]":
        """Send to a mail server that takes its time, and return once the claim has been renewed."""
        self.emails.accepting.clear()
        sending = asyncio.create_task(self.send_once(EMAIL))
        await self.renewal()
        return sending

    async def renewal(self) -> None:
        self.idempotency.renewed.clear()
        await self.idempotency.renewed.wait()


@pytest.fixture
def worker() -> Worker:
    return Worker()


async def test_sends_the_mail(worker: Worker) -> None:
    await worker.send_once(EMAIL)

    assert worker.emails.sent == [EMAIL]


async def test_gives_up_before_the_task_is_cut_off() -> None:
    assert TaskOptions().timeout > SEND_WITHIN + ACCEPTED_WITHIN + REMEMBER_WITHIN


async def test_sends_once_however_often_the_task_is_delivered(worker: Worker) -> None:
    for _ in range(3):
        await worker.send_once(EMAIL)

    assert len(worker.emails.sent) == 1


async def test_waits_while_another_worker_is_sending(worker: Worker) -> None:
    await worker.idempotency.claim(KEY, timedelta(seconds=25))
    worker.clock.advance(timedelta(seconds=5))

    with pytest.raises(RetryLater) as postponed:
        await worker.send_once(EMAIL)

    assert postponed.value.after == timedelta(seconds=20)
    assert worker.emails.sent == []


async def test_sends_after_another_worker_died_while_sending(worker: Worker) -> None:
    await worker.idempotency.claim(KEY, CLAIM_LEASE)
    worker.clock.advance(CLAIM_LEASE)

    await worker.send_once(EMAIL)

    assert len(worker.emails.sent) == 1


async def test_keeps_its_claim_for_as_long_as_the_mail_server_takes(worker: Worker) -> None:
    sending = await worker.begin()

    for _ in range(3):
        worker.clock.advance(LEASE * 0.9)
        with pytest.raises(RetryLater):
            await worker.send_once(EMAIL)
        await worker.renewal()
    worker.emails.accepting.set()
    await sending

    assert worker.emails.sent == [EMAIL]
    assert worker.idempotency.completed == {KEY}


async def test_renews_its_claim_no_longer_once_it_is_stopped(worker: Worker) -> None:
    sending = await worker.begin()

    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending

    worker.idempotency.renewed.clear()
    await asyncio.sleep(2 * RENEWS_EVERY.total_seconds())
    assert not worker.idempotency.renewed.is_set()
    assert worker.idempotency.completed == set()


async def test_renews_its_claim_after_an_outage(worker: Worker) -> None:
    sending = await worker.begin()

    worker.idempotency.failure = Unavailable()
    await asyncio.sleep(2 * RENEWS_EVERY.total_seconds())
    worker.idempotency.failure = None

    await worker.renewal()
    worker.emails.accepting.set()
    await sending


@pytest.mark.parametrize("failure", [Unavailable(), ArithmeticError()], ids=["an outage", "a defect"])
async def test_finishes_what_it_has_begun_though_its_claim_is_lost(
    worker: Worker, failure: Exception
) -> None:
    sending = await worker.begin()
    worker.idempotency.failure = failure
    await asyncio.sleep(2 * RENEWS_EVERY.total_seconds())
    worker.clock.advance(LEASE)
    assert await worker.idempotency.claim(KEY, LEASE) == Claim()
    worker.idempotency.failure = None

    worker.emails.accepting.set()
    await sending

    assert worker.emails.sent == [EMAIL]
    assert worker.idempotency.completed == {KEY}


async def test_remembers_the_mail_as_soon_as_an_outage_is_over(worker: Worker) -> None:
    worker.idempotency.failure = Unavailable()
    sending = asyncio.create_task(worker.send_once(EMAIL))
    await asyncio.sleep(LEASE.total_seconds() / 3)

    worker.idempotency.failure = None
    await sending

    assert worker.emails.sent == [EMAIL]
    assert worker.idempotency.completed == {KEY}


async def test_leaves_the_slot_when_an_outage_does_not_end(worker: Worker) -> None:
    worker.idempotency.failure = Unavailable()

    with pytest.raises(Unavailable):
        await worker.send_once(EMAIL)

    assert worker.emails.sent == [EMAIL]


async def test_gives_up_when_the_mail_is_rejected(worker: Worker) -> None:
    worker.emails.failure = EmailRejected("SMTPRecipientsRefused [550]")

    with pytest.raises(Permanent, match="550"):
        await worker.send_once(EMAIL)

    assert worker.idempotency.completed == set()


async def test_waits_uncounted_for_a_mail_server_that_cannot_be_reached(worker: Worker) -> None:
    worker.emails.failure = MailServerUnreachable("refused")
    waits = set()

    for _ in range(20):
        worker.clock.advance(timedelta(hours=2))
        with pytest.raises(RetryLater) as postponed:
            await worker.send_once(EMAIL)
        waits.add(postponed.value.after)

    shortest, longest = (timedelta(seconds=seconds) for seconds in UNREACHABLE_WAITS)
    assert CLAIM_LEASE < shortest <= min(waits) < max(waits) <= longest


async def test_gives_up_when_the_mail_server_was_not_reached_for_two_days(worker: Worker) -> None:
    worker.emails.failure = MailServerUnreachable("refused")
    worker.clock.advance(UNREACHABLE_FOR)

    with pytest.raises(Permanent, match="48 hours: refused"):
        await worker.send_once(EMAIL)


async def test_a_mail_that_is_run_again_later_still_has_its_one_chance(worker: Worker) -> None:
    worker.clock.advance(10 * UNREACHABLE_FOR)

    await worker.send_once(EMAIL)

    assert worker.emails.sent == [EMAIL]


async def test_a_mail_above_the_limit_comes_back_and_leaves_no_claim(worker: Worker) -> None:
    worker.emails.accepting.clear()
    others = [replace(EMAIL, message_id=f"other-{number}") for number in range(2)]
    for other in others:
        worker.idempotency.add(other.message_id)
    sending = [asyncio.create_task(worker.send_once(other)) for other in others]
    await worker.renewal()

    with pytest.raises(RetryLater):
        await worker.send_once(EMAIL)
    worker.emails.accepting.set()
    await asyncio.gather(*sending)
    await worker.send_once(EMAIL)

    assert worker.emails.sent == [*others, EMAIL]


@pytest.mark.parametrize("failure", [TimeoutError(), ConnectionError("refused")])
async def test_a_failure_is_left_to_another_attempt(worker: Worker, failure: Exception) -> None:
    worker.emails.failure = failure

    with pytest.raises(type(failure)):
        await worker.send_once(EMAIL)

    worker.emails.failure = None
    worker.clock.advance(LEASE)
    await worker.send_once(EMAIL)
    assert len(worker.emails.sent) == 1


async def test_sends_nothing_for_a_task_that_nobody_stored(worker: Worker) -> None:
    worker.idempotency = FakeIdempotency(worker.clock)
    send_once = SendEmailOnce(
        idempotency=worker.idempotency, email_sender=worker.emails, bulkhead=Bulkhead(places=1)
    )

    with pytest.raises(UnknownIdempotencyKey):
        await send_once(EMAIL)

    assert worker.emails.sent == []
