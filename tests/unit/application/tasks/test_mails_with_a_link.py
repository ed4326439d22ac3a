"""What holds for every email that carries a link."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from internal.application.tasks.send_email_change import SendEmailChange
from internal.application.tasks.send_password_reset import SendPasswordReset, SendPasswordResetHandler
from internal.application.tasks.send_verification_email import (
    SendVerificationEmail,
    SendVerificationEmailHandler,
)
from internal.application.tasks.send_welcome_email import SendWelcomeEmail, SendWelcomeEmailHandler
from internal.domain.account_token import TokenPurpose, digest_of
from internal.domain.email_address import InvalidEmailAddress
from internal.domain.user import User
from tests.fakes.clock import NOON
from tests.support.mail_tasks import MailTasks

pytestmark = pytest.mark.anyio

ADDRESS, NEW_ADDRESS = "ada@example.com", "ada@new.example.com"


@dataclass(frozen=True)
class Case:
    kind: str
    purpose: TokenPurpose
    page: str
    handler: Callable[[MailTasks], Callable[..., Any]]
    task: Callable[[User, str], Any]
    recipient: str = ADDRESS


CASES = [
    Case(
        "welcome",
        TokenPurpose.VERIFY_EMAIL,
        "verify-email",
        lambda tasks: tasks.handler(SendWelcomeEmailHandler),
        lambda user, _: SendWelcomeEmail(user_id=user.id),
    ),
    Case(
        "verification",
        TokenPurpose.VERIFY_EMAIL,
        "verify-email",
        lambda tasks: tasks.handler(SendVerificationEmailHandler),
        lambda _, email: SendVerificationEmail(email=email),
    ),
    Case(
        "password-reset",
        TokenPurpose.RESET_PASSWORD,
        "reset-password",
        lambda tasks: tasks.handler(SendPasswordResetHandler),
        lambda _, email: SendPasswordReset(email=email),
    ),
    Case(
        "email-change",
        TokenPurpose.CONFIRM_EMAIL,
        "confirm-email",
        MailTasks.email_change_handler,
        lambda user, email: SendEmailChange(user_id=user.id, email=email, requested_at=NOON),
        NEW_ADDRESS,
    ),
]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)


@pytest.fixture
def tasks() -> MailTasks:
    return MailTasks()


async def deliver(tasks: MailTasks, case: Case, user: User, email: str | None = None) -> None:
    task = case.task(user, email or case.recipient)
    await case.handler(tasks)(task, tasks.context)


@every_case
async def test_sends_a_link_once_per_task(tasks: MailTasks, ada: User, case: Case) -> None:
    await tasks.add(ada)

    await deliver(tasks, case, ada)
    await deliver(tasks, case, ada)

    [email] = tasks.emails.sent
    assert (email.kind, email.recipient.value, email.message_id) == (case.kind, case.recipient, "task-1")
    text = tasks.text_of(email)
    assert text.startswith("Hello Ada,\n")
    assert f"https://users.example/{case.page}?token={email.variables['token']}\n" in text


@every_case
async def test_the_link_works_once_and_for_its_purpose_only(tasks: MailTasks, ada: User, case: Case) -> None:
    await tasks.add(ada)
    await deliver(tasks, case, ada)
    digest = digest_of(tasks.emails.sent[0].variables["token"])

    async with tasks.uow as uow:
        for other in set(TokenPurpose) - {case.purpose}:
            assert await uow.account_tokens.use(digest, other) is None
        token = await uow.account_tokens.use(digest, case.purpose)
        assert await uow.account_tokens.use(digest, case.purpose) is None

    assert token is not None
    assert (token.user_id, token.email) == (ada.id, case.recipient)


@every_case
async def test_a_repeated_attempt_sends_the_link_that_was_stored_before_the_first(
    tasks: MailTasks, ada: User, case: Case
) -> None:
    await tasks.add(ada)
    tasks.emails.failure = ConnectionError()
    with pytest.raises(ConnectionError):
        await deliver(tasks, case, ada)
    [stored] = tasks.uow.account_tokens.by_digest
    tasks.emails.failure = None
    tasks.lapse_claim()

    await deliver(tasks, case, ada)

    [email] = tasks.emails.sent
    assert digest_of(email.variables["token"]) == stored
    assert list(tasks.uow.account_tokens.by_digest) == [stored]


@every_case
async def test_sends_nothing_to_an_account_that_is_gone(tasks: MailTasks, ada: User, case: Case) -> None:
    await deliver(tasks, case, ada)

    assert tasks.emails.sent == []
    assert tasks.uow.account_tokens.by_digest == {}


@every_case
async def test_sends_nothing_to_a_disabled_account(tasks: MailTasks, ada: User, case: Case) -> None:
    await tasks.disable(await tasks.add(ada))

    await deliver(tasks, case, ada)

    assert tasks.emails.sent == []
    assert tasks.uow.account_tokens.by_digest == {}


@pytest.mark.parametrize("case", CASES[1:], ids=lambda case: case.kind)  # the first has no address
async def test_refuses_a_text_that_is_not_an_address(tasks: MailTasks, ada: User, case: Case) -> None:
    await tasks.add(ada)

    with pytest.raises(InvalidEmailAddress):
        await deliver(tasks, case, ada, "nonsense")

    assert tasks.emails.sent == []


@every_case
async def test_the_task_has_no_token(tasks: MailTasks, ada: User, case: Case) -> None:
    await tasks.add(ada)
    await deliver(tasks, case, ada)

    payload = repr(asdict(case.task(ada, case.recipient)))

    assert tasks.emails.sent[0].variables["token"] not in payload
