from datetime import timedelta

import pytest

from internal.application.tasks.send_email_once import CLAIM_LEASE, SendEmailOnce
from internal.domain.email_address import EmailAddress
from internal.ports.email_sender import Email, EmailRejected
from internal.ports.idempotency import UnknownIdempotencyKey
from internal.ports.tasks import Permanent, RetryLater
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


class Worker:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.emails = FakeEmailSender()
        self.idempotency = FakeIdempotency(self.clock)
        self.idempotency.add(KEY)
        self.send_once = SendEmailOnce(idempotency=self.idempotency, email_sender=self.emails)


@pytest.fixture
def worker() -> Worker:
    return Worker()


async def test_sends_the_mail(worker: Worker) -> None:
    await worker.send_once(EMAIL)

    assert worker.emails.sent == [EMAIL]


async def test_gives_up_sending_before_its_claim_lapses(worker: Worker) -> None:
    await worker.send_once(EMAIL)

    [limit] = worker.emails.limits
    assert limit < CLAIM_LEASE


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


async def test_gives_up_when_the_mail_is_rejected(worker: Worker) -> None:
    worker.emails.failure = EmailRejected("SMTPRecipientsRefused [550]")

    with pytest.raises(Permanent, match="550"):
        await worker.send_once(EMAIL)

    assert worker.idempotency.completed == set()


@pytest.mark.parametrize("failure", [TimeoutError(), ConnectionError("refused")])
async def test_a_failure_is_left_to_another_attempt(worker: Worker, failure: Exception) -> None:
    worker.emails.failure = failure

    with pytest.raises(type(failure)):
        await worker.send_once(EMAIL)

    worker.emails.failure = None
    worker.clock.advance(CLAIM_LEASE)
    await worker.send_once(EMAIL)
    assert len(worker.emails.sent) == 1


async def test_sends_nothing_for_a_task_that_nobody_stored(worker: Worker) -> None:
    worker.idempotency = FakeIdempotency(worker.clock)
    send_once = SendEmailOnce(idempotency=worker.idempotency, email_sender=worker.emails)

    with pytest.raises(UnknownIdempotencyKey):
        await send_once(EMAIL)

    assert worker.emails.sent == []
