import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from internal.domain.email_address import EmailAddress
from internal.infrastructure.clock import SystemClock
from internal.infrastructure.email.file_sender import FileEmailSender
from internal.infrastructure.email.mime import MimeComposer
from internal.infrastructure.email.smtp_sender import EmailNotAccepted, SmtpEmailSender
from internal.infrastructure.email.smtp_sender import SmtpServer as ServerAddress
from internal.ports.email_sender import Email, EmailRejected, EmailSender, MailServerUnreachable
from tests.fakes.email_sender import FakeEmailSender
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.anyio

LIMIT = timedelta(seconds=10)
WELCOME = Email(
    kind="welcome",
    recipient=EmailAddress.parse("ada@example.com"),
    variables={"name": "<b>{{7*7}}</b>", "token": "t-1", "valid_for": "24 hours"},
    message_id="task-1",
)
COMPOSER = MimeComposer(
    mail_from="Users <no-reply@users.example>",
    app_name="Users",
    app_base_url="https://users.example",
    clock=SystemClock(),
)


@dataclass(frozen=True)
class Delivered:
    recipient: str
    kind: str
    id: str
    text: str


@dataclass(frozen=True)
class MailSystem:
    sender: EmailSender
    delivered: Callable[[], list[Delivered]]


@dataclass(frozen=True)
class FailingMailSystem:
    sender: EmailSender
    reject: Callable[[], None]
    refuse_for_now: Callable[[], None]
    for_now: type[Exception]
    hang: Callable[[], None]
    too_late: type[Exception] = TimeoutError


@pytest.fixture(params=["fake", "file", "smtp"])
def mail(request: pytest.FixtureRequest, tmp_path: Path) -> MailSystem:
    if request.param == "fake":
        fake = FakeEmailSender()
        return MailSystem(fake, lambda: [from_email(email) for email in fake.sent])
    if request.param == "file":
        folder = tmp_path / "new" / "folder"
        files = FileEmailSender(directory=folder, composer=COMPOSER)
        return MailSystem(files, lambda: [from_bytes(path.read_bytes()) for path in folder.iterdir()])
    server: SmtpServer = request.getfixturevalue("smtp_server")
    return MailSystem(smtp_sender(server), lambda: [from_message(message) for message in server.messages()])


@pytest.fixture(params=["fake", "smtp rcpt", "smtp data"])
def failing(request: pytest.FixtureRequest) -> FailingMailSystem:
    if request.param == "fake":
        fake = FakeEmailSender()

        def fail_with(failure: Exception) -> Callable[[], None]:
            return lambda: setattr(fake, "failure", failure)

        return FailingMailSystem(
            sender=fake,
            reject=fail_with(EmailRejected()),
            refuse_for_now=fail_with(ConnectionError()),
            for_now=ConnectionError,
            hang=fail_with(TimeoutError()),
        )
    server: SmtpServer = request.getfixturevalue("smtp_server")
    reply, hangs_at = ("rcpt_reply", "RCPT") if request.param == "smtp rcpt" else ("data_reply", ".")
    return FailingMailSystem(
        sender=smtp_sender(server),
        reject=lambda: setattr(server, reply, "550 no <ada@example.com> here"),
        refuse_for_now=lambda: setattr(server, reply, "451 come back for <ada@example.com>"),
        for_now=EmailNotAccepted,
        hang=lambda: setattr(server, "hangs_at", hangs_at),
        too_late=TimeoutError if hangs_at == "." else MailServerUnreachable,
    )


def smtp_sender(server: SmtpServer) -> SmtpEmailSender:
    return SmtpEmailSender(
        server=ServerAddress.from_url(f"smtp://127.0.0.1:{server.port}"), composer=COMPOSER
    )


def from_email(email: Email) -> Delivered:
    return Delivered(email.recipient.value, email.kind, email.message_id, email.variables["name"])


def from_bytes(content: bytes) -> Delivered:
    return from_message(message_from_bytes(content, EmailMessage, policy=policy.default))


def from_message(message: EmailMessage) -> Delivered:
    part = message.get_body(("plain",))
    assert part is not None
    return Delivered(message["To"], message["X-Mail-Kind"], message["Message-ID"], part.get_content())


async def test_delivers_a_mail_to_its_one_recipient(mail: MailSystem) -> None:
    await mail.sender.send(WELCOME, within=LIMIT, accepted_within=LIMIT)

    [delivered] = mail.delivered()
    assert delivered.recipient == "ada@example.com"
    assert delivered.kind == "welcome"
    assert "<b>{{7*7}}</b>" in delivered.text


async def test_delivers_every_mail(mail: MailSystem) -> None:
    for number in range(3):
        recipient = EmailAddress.parse(f"ada{number}@example.com")
        email = replace(WELCOME, recipient=recipient, message_id=f"task-{number}")
        await mail.sender.send(email, within=LIMIT, accepted_within=LIMIT)

    delivered = mail.delivered()
    assert {mail.recipient for mail in delivered} == {f"ada{number}@example.com" for number in range(3)}
    assert len({mail.id for mail in delivered}) == 3


async def test_a_mail_keeps_its_id_when_it_is_sent_again(mail: MailSystem) -> None:
    for _ in range(2):
        await mail.sender.send(WELCOME, within=LIMIT, accepted_within=LIMIT)

    assert len({mail.id for mail in mail.delivered()}) == 1


async def test_delivers_to_the_longest_address_there_is(mail: MailSystem) -> None:
    longest = EmailAddress.parse(f"{'a' * 62}@{'.'.join(['d' * 63] * 3)}")

    await mail.sender.send(replace(WELCOME, recipient=longest), within=LIMIT, accepted_within=LIMIT)

    [delivered] = mail.delivered()
    assert delivered.recipient == longest.value


async def test_reports_a_permanent_refusal(failing: FailingMailSystem) -> None:
    failing.reject()

    with pytest.raises(EmailRejected) as rejected:
        await failing.sender.send(WELCOME, within=LIMIT, accepted_within=LIMIT)

    assert "ada@example.com" not in "".join(traceback.format_exception(rejected.value))


async def test_a_temporary_refusal_is_not_a_permanent_one(failing: FailingMailSystem) -> None:
    failing.refuse_for_now()

    with pytest.raises(failing.for_now) as refused:
        await failing.sender.send(WELCOME, within=LIMIT, accepted_within=LIMIT)

    assert not isinstance(refused.value, EmailRejected)
    assert "ada@example.com" not in "".join(traceback.format_exception(refused.value))


async def test_gives_up_on_a_server_that_does_not_answer(failing: FailingMailSystem) -> None:
    failing.hang()
    limit = timedelta(milliseconds=400)
    started = time.monotonic()

    with pytest.raises(failing.too_late):
        await failing.sender.send(WELCOME, within=limit, accepted_within=limit)

    assert time.monotonic() - started < 5 * limit.total_seconds()
