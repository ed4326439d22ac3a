import pytest

from internal.application.tasks.send_welcome_email import SendWelcomeEmail, SendWelcomeEmailHandler
from internal.domain.display_name import DisplayName
from internal.domain.user import User
from tests.support.mail_tasks import MailTasks

pytestmark = pytest.mark.anyio


async def test_greets_the_user_once_per_task(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada)
    task = SendWelcomeEmail(user_id=ada.id, email="ada@example.com", name="Ada")
    handle = tasks.handler(SendWelcomeEmailHandler)

    await handle(task, tasks.context)
    await handle(task, tasks.context)

    [email] = tasks.emails.sent
    assert (email.kind, email.recipient, email.message_id) == ("welcome", ada.email, "task-1")
    assert tasks.text_of(email).startswith("Hello Ada,\n\nWelcome to Users! Your account is ready.\n")


async def test_greets_by_the_name_of_the_sign_up(ada: User) -> None:
    tasks = MailTasks()
    await tasks.add(ada.rename(DisplayName.parse("Countess"), now=tasks.clock.now()))

    await tasks.handler(SendWelcomeEmailHandler)(
        SendWelcomeEmail(user_id=ada.id, email="ada@example.com", name="Ada"), tasks.context
    )

    assert tasks.emails.sent[0].variables["name"] == "Ada"
