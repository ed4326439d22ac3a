from dataclasses import replace
from uuid import uuid4

import pytest

from internal.application.tasks.send_email_change import SendEmailChange, SendEmailChangeHandler
from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from tests.support.mail_tasks import MailTasks

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("taken", ["ada@example.com", "bob@example.com"])
async def test_sends_nothing_to_an_address_that_an_account_has(ada: User, taken: str) -> None:
    tasks = MailTasks()
    await tasks.add(ada)
    await tasks.add(replace(ada, id=uuid4(), email=EmailAddress.parse("bob@example.com")))

    await tasks.handler(SendEmailChangeHandler)(SendEmailChange(user_id=ada.id, email=taken), tasks.context)

    assert tasks.emails.sent == []
    assert tasks.uow.account_tokens.by_digest == {}
