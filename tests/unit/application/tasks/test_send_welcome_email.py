from datetime import timedelta

import pytest

from internal.application.tasks.send_welcome_email import SendWelcomeEmail, SendWelcomeEmailHandler
from internal.domain.display_name import DisplayName
from internal.domain.user import User
from internal.infrastructure.tasks.codec import TaskCodec
from tests.support.mail_tasks import MailTasks

pytestmark = pytest.mark.anyio


async def test_greets_the_user_once_per_task(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada)
    task = SendWelcomeEmail(user_id=ada.id)
    handle = tasks.handler(SendWelcomeEmailHandler)

    await handle(task, tasks.context)
    await handle(task, tasks.context)

    [email] = tasks.emails.sent
    assert (email.kind, email.recipient, email.message_id) == ("welcome", ada.email, "task-1")
    assert tasks.text_of(email).startswith("Hello Ada,\n\nWelcome to Users! Your account is ready.\n")


async def test_greets_by_the_name_that_the_user_has_now(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada.rename(DisplayName.parse("Countess"), now=tasks.clock.now()))

    await tasks.handler(SendWelcomeEmailHandler)(SendWelcomeEmail(user_id=ada.id), tasks.context)

    assert tasks.emails.sent[0].variables["name"] == "Countess"


async def test_a_user_whose_address_is_verified_needs_no_link(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada.verify_email(now=ada.created_at + timedelta(minutes=1)))

    await tasks.handler(SendWelcomeEmailHandler)(SendWelcomeEmail(user_id=ada.id), tasks.context)

    assert tasks.emails.sent == []


async def test_a_task_of_a_version_whose_payload_had_the_address_greets_the_user(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada)
    payload = {"user_id": str(ada.id), "email": "ada@example.com", "name": "Ada"}

    task = TaskCodec([SendWelcomeEmail]).decode("email:welcome", payload)
    assert isinstance(task, SendWelcomeEmail)
    await tasks.handler(SendWelcomeEmailHandler)(task, tasks.context)

    assert [email.recipient for email in tasks.emails.sent] == [ada.email]
