from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from internal.application.tasks.send_email_change import SendEmailChange
from internal.domain.email_address import EmailAddress
from internal.domain.user import User
from tests.fakes.clock import NOON
from tests.support.mail_tasks import MailTasks

pytestmark = pytest.mark.anyio

NEW = "ada@new.example.com"
MOMENT = timedelta(seconds=1)


async def deliver(tasks: MailTasks, user: User, email: str = NEW) -> None:
    task = SendEmailChange(user_id=user.id, email=email, requested_at=NOON)
    await tasks.email_change_handler()(task, tasks.context)


@pytest.mark.parametrize("taken", ["ada@example.com", "bob@example.com"])
async def test_sends_nothing_to_an_address_that_an_account_has(ada: User, taken: str) -> None:
    tasks = MailTasks()
    await tasks.add(ada)
    await tasks.add(replace(ada, id=uuid4(), email=EmailAddress.parse("bob@example.com")))

    await deliver(tasks, ada, taken)

    assert tasks.emails.sent == []
    assert tasks.uow.account_tokens.by_digest == {}


async def test_a_late_email_does_not_outlive_the_password_of_its_request(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada.change_password("new hash", now=NOON + MOMENT))

    await deliver(tasks, ada)

    assert tasks.emails.sent == []
    assert tasks.uow.account_tokens.by_digest == {}


async def test_a_request_after_a_new_password_is_mailed(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada.change_password("new hash", now=NOON - MOMENT))

    await deliver(tasks, ada)

    assert [email.recipient.value for email in tasks.emails.sent] == [NEW]
