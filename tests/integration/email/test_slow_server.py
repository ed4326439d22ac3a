"""A mail that its server takes long to accept, with everything real but the patience."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from internal.application.tasks.bulkhead import Bulkhead
from internal.application.tasks.send_email_once import SendEmailOnce
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.domain.email_address import EmailAddress
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.database.tables import outbox
from internal.ports.email_sender import Email
from internal.ports.idempotency import Claim
from internal.ports.tasks import RetryLater
from tests.support.polling import eventually
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.anyio

SEND_WITHIN = timedelta(milliseconds=400)
LEASE = timedelta(milliseconds=600)
ACCEPTS_AFTER = timedelta(seconds=2)  # longer than either


@pytest.fixture
def settings(settings: Settings, smtp_server: SmtpServer) -> Settings:
    return settings.model_copy(update={"mail_url": f"smtp://127.0.0.1:{smtp_server.port}"})


@pytest.fixture
def send_once(container: Container) -> SendEmailOnce:
    return SendEmailOnce(
        idempotency=container.database.idempotency(),
        email_sender=container.email.sender(),
        bulkhead=Bulkhead(places=10),
        send_within=SEND_WITHIN,
        accepted_within=timedelta(seconds=20),
        lease=LEASE,
    )


@pytest.fixture
async def email(container: Container) -> Email:
    """That of a stored task."""
    async with container.database.unit_of_work() as uow:
        receipt = await uow.tasks.publish(SendWelcomeEmail(user_id=uuid4()))
        await uow.commit()
    return Email(
        kind="welcome",
        recipient=EmailAddress.parse("ada@example.com"),
        variables={"name": "Ada", "token": "t-1", "valid_for": "24 hours"},
        message_id=receipt.id,
    )


async def test_a_mail_is_sent_once_however_long_its_server_takes_to_accept_it(
    container: Container, send_once: SendEmailOnce, email: Email, smtp_server: SmtpServer
) -> None:
    smtp_server.accepts_after = ACCEPTS_AFTER.total_seconds()
    sending = asyncio.create_task(send_once(email))

    await asyncio.to_thread(eventually, lambda: smtp_server.handed_over != [], within=10)

    refused = 0
    while not sending.done():
        refused += await has_to_wait(send_once, email)
    await sending

    assert refused > ACCEPTS_AFTER / LEASE
    assert len(smtp_server.handed_over) == len(smtp_server.received) == 1
    async with container.database.engine().connect() as connection:
        assert (await connection.execute(select(outbox.c.completed_at))).scalar_one() is not None


async def has_to_wait(send_once: SendEmailOnce, email: Email) -> bool:
    """Deliver the task again."""
    await asyncio.sleep(0.05)
    try:
        await send_once(email)
    except RetryLater:
        return True
    return False


async def test_the_claim_of_a_worker_that_is_cut_off_lapses(
    container: Container, send_once: SendEmailOnce, email: Email, smtp_server: SmtpServer
) -> None:
    smtp_server.hangs_at = "."
    sending = asyncio.create_task(send_once(email))
    await asyncio.to_thread(eventually, lambda: smtp_server.handed_over != [], within=10)

    sending.cancel()
    await asyncio.sleep(1.5 * LEASE.total_seconds())

    assert await container.database.idempotency().claim(email.message_id, LEASE) == Claim()
