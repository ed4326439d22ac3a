"""Emails that tell a user of a change. They go to the address that the account had at that time."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from internal.application.tasks.send_email_changed import SendEmailChanged, SendEmailChangedHandler
from internal.application.tasks.send_password_changed import SendPasswordChanged, SendPasswordChangedHandler
from internal.domain.email_address import InvalidEmailAddress
from tests.support.mail_tasks import MailTasks

pytestmark = pytest.mark.anyio

NOTICES = [
    ("password-changed", SendPasswordChanged, SendPasswordChangedHandler),
    ("email-changed", SendEmailChanged, SendEmailChangedHandler),
]
every_notice = pytest.mark.parametrize(
    ("kind", "task", "handler"), NOTICES, ids=[kind for kind, *_ in NOTICES]
)
CHANGED_AT = datetime(2030, 3, 5, 1, 7, tzinfo=timezone(timedelta(hours=2)))


@every_notice
async def test_says_when_the_change_was_made_once_per_task(
    kind: str, task: Callable[..., Any], handler: Callable[..., Any]
) -> None:
    tasks = MailTasks()
    notice = task(user_id=uuid4(), email="old@example.com", name="Ada", changed_at=CHANGED_AT)
    handle = handler(send_email_once=tasks.send_email_once)

    await handle(notice, tasks.context)
    await handle(notice, tasks.context)

    [email] = tasks.emails.sent
    assert (email.kind, email.recipient.value, email.message_id) == (kind, "old@example.com", "task-1")
    assert "4 March 2030 at 23:07 UTC" in tasks.text_of(email)


@every_notice
async def test_refuses_a_text_that_is_not_an_address(
    kind: str, task: Callable[..., Any], handler: Callable[..., Any]
) -> None:
    tasks = MailTasks()
    notice = task(user_id=uuid4(), email=f"nonsense {kind}", name="Ada", changed_at=CHANGED_AT)

    with pytest.raises(InvalidEmailAddress):
        await handler(send_email_once=tasks.send_email_once)(notice, tasks.context)
