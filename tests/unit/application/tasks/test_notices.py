"""Emails that tell a user of a change."""

from datetime import datetime, timedelta, timezone
from uuid import uuid4

import pytest

from internal.application.tasks.send_email_changed import SendEmailChanged, SendEmailChangedHandler
from internal.application.tasks.send_password_changed import SendPasswordChanged, SendPasswordChangedHandler
from internal.domain.email_address import InvalidEmailAddress
from internal.domain.user import User
from internal.infrastructure.tasks.codec import TaskCodec
from internal.ports.email_sender import Email
from tests.fakes.user_reader import FakeUserReader
from tests.support.mail_tasks import MailTasks

pytestmark = pytest.mark.anyio

CHANGED_AT = datetime(2030, 3, 5, 1, 7, tzinfo=timezone(timedelta(hours=2)))


def assert_says_once(tasks: MailTasks, kind: str, recipient: str) -> None:
    [email] = tasks.emails.sent
    assert (email.kind, email.recipient.value, email.message_id) == (kind, recipient, "task-1")
    assert "4 March 2030 at 23:07 UTC" in tasks.text_of(email)


def password_changed_handler(tasks: MailTasks) -> SendPasswordChangedHandler:
    return SendPasswordChangedHandler(users=FakeUserReader(tasks.uow), send_email_once=tasks.send_email_once)


async def tell_of_a_new_password(tasks: MailTasks, user: User) -> list[Email]:
    task = SendPasswordChanged(user_id=user.id, changed_at=CHANGED_AT)
    await password_changed_handler(tasks)(task, tasks.context)
    return tasks.emails.sent


async def test_tells_the_user_once_per_task_when_the_password_was_changed(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada)

    await tell_of_a_new_password(tasks, ada)
    await tell_of_a_new_password(tasks, ada)

    assert_says_once(tasks, "password-changed", "ada@example.com")


async def test_tells_a_disabled_user_of_a_new_password(ada: User) -> None:
    tasks = MailTasks()
    await tasks.disable(await tasks.add(ada))

    assert len(await tell_of_a_new_password(tasks, ada)) == 1


async def test_tells_nobody_of_the_password_of_an_account_that_is_gone(ada: User) -> None:
    assert await tell_of_a_new_password(MailTasks(), ada) == []


async def test_a_task_of_a_version_whose_payload_had_the_address_tells_the_user(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada)
    payload = {"user_id": str(ada.id), "email": "ada@example.com", "name": "Ada"}

    task = TaskCodec([SendPasswordChanged]).decode(
        "email:password-changed", {**payload, "changed_at": CHANGED_AT.isoformat()}
    )
    assert isinstance(task, SendPasswordChanged)
    await password_changed_handler(tasks)(task, tasks.context)

    assert_says_once(tasks, "password-changed", "ada@example.com")


def email_changed(address: str) -> SendEmailChanged:
    return SendEmailChanged(user_id=uuid4(), email=address, name="Ada", changed_at=CHANGED_AT)


async def test_tells_the_old_address_once_per_task_when_it_was_replaced() -> None:
    tasks = MailTasks()
    handle = SendEmailChangedHandler(send_email_once=tasks.send_email_once)

    await handle(email_changed("old@example.com"), tasks.context)
    await handle(email_changed("old@example.com"), tasks.context)

    assert_says_once(tasks, "email-changed", "old@example.com")


async def test_refuses_a_text_that_is_not_an_address() -> None:
    tasks = MailTasks()

    with pytest.raises(InvalidEmailAddress):
        await SendEmailChangedHandler(send_email_once=tasks.send_email_once)(
            email_changed("nonsense"), tasks.context
        )
