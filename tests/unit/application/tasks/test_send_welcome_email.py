from uuid import uuid4

import pytest

from internal.application.tasks.bulkhead import Bulkhead
from internal.application.tasks.send_email_once import SendEmailOnce
from internal.application.tasks.send_welcome_email import SendWelcomeEmail, SendWelcomeEmailHandler
from internal.domain.email_address import EmailAddress, InvalidEmailAddress
from internal.ports.email_sender import Email
from internal.ports.tasks import TaskContext
from tests.fakes.clock import FakeClock
from tests.fakes.email_sender import FakeEmailSender
from tests.fakes.idempotency import FakeIdempotency

pytestmark = pytest.mark.anyio

CONTEXT = TaskContext(id="task-1", queue="default", retries=0, max_retries=25, deadline=None, headers={})


@pytest.fixture
def emails() -> FakeEmailSender:
    return FakeEmailSender()


@pytest.fixture
def handle(emails: FakeEmailSender) -> SendWelcomeEmailHandler:
    idempotency = FakeIdempotency(FakeClock())
    idempotency.add("task-1")
    return SendWelcomeEmailHandler(
        send_email_once=SendEmailOnce(
            idempotency=idempotency, email_sender=emails, bulkhead=Bulkhead(places=1)
        )
    )


async def test_greets_the_user_once_per_task(
    handle: SendWelcomeEmailHandler, emails: FakeEmailSender
) -> None:
    task = SendWelcomeEmail(user_id=uuid4(), email="ada@example.com", name="Ada")

    await handle(task, CONTEXT)
    await handle(task, CONTEXT)

    assert emails.sent == [
        Email(
            kind="welcome",
            recipient=EmailAddress.parse("ada@example.com"),
            variables={"name": "Ada"},
            message_id="task-1",
        )
    ]


async def test_refuses_a_text_that_is_not_an_address(
    handle: SendWelcomeEmailHandler, emails: FakeEmailSender
) -> None:
    with pytest.raises(InvalidEmailAddress):
        await handle(SendWelcomeEmail(user_id=uuid4(), email="nonsense", name="Ada"), CONTEXT)

    assert emails.sent == []
