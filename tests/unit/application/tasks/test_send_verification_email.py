import pytest

from internal.application.tasks.send_verification_email import (
    SendVerificationEmail,
    SendVerificationEmailHandler,
)
from internal.domain.user import User
from tests.support.mail_tasks import MailTasks

pytestmark = pytest.mark.anyio


async def test_sends_nothing_to_an_address_that_is_verified(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada.verify_email(now=tasks.clock.now()))

    await tasks.handler(SendVerificationEmailHandler)(
        SendVerificationEmail(email="ada@example.com"), tasks.context
    )

    assert tasks.emails.sent == []
    assert tasks.uow.account_tokens.by_digest == {}


async def test_finds_the_account_whatever_the_case_of_the_address(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada)

    await tasks.handler(SendVerificationEmailHandler)(
        SendVerificationEmail(email="Ada@Example.COM"), tasks.context
    )

    assert [email.recipient.value for email in tasks.emails.sent] == ["ada@example.com"]
