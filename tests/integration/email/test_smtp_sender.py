import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
import trustme

from internal.domain.email_address import EmailAddress
from internal.infrastructure.email.mime import MimeComposer
from internal.infrastructure.email.smtp_sender import EmailNotAccepted, SmtpEmailSender
from internal.infrastructure.email.smtp_sender import SmtpServer as ServerAddress
from internal.infrastructure.embedded.process import free_port
from internal.ports.email_sender import Email, MailServerUnreachable
from tests.fakes.clock import FakeClock
from tests.support import broken_servers
from tests.support.polling import eventually
from tests.support.smtp_server import PASSWORD, SmtpServer

pytestmark = pytest.mark.anyio

WELCOME = Email(
    kind="welcome",
    recipient=EmailAddress.parse("ada@example.com"),
    variables={"name": "Ada", "token": "t-1", "valid_for": "24 hours"},
    message_id="task-1",
)


PATIENT = timedelta(seconds=10)
IMPATIENT = timedelta(milliseconds=400)


@pytest.fixture(scope="module", autouse=True)
async def lasting_loop() -> AsyncIterator[None]:
    """One event loop for all tests: to close, a TLS connection needs some more turns after its own."""
    yield
    await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, tmp_path: Path) -> None:
    pem = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(pem))
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))


@pytest.fixture
def tls_server(server_tls: ssl.SSLContext) -> Iterator[SmtpServer]:
    with SmtpServer(tls=server_tls) as server:
        yield server


@pytest.fixture
def starttls_server(server_tls: ssl.SSLContext) -> Iterator[SmtpServer]:
    with SmtpServer(starttls=server_tls) as server:
        yield server


def sender(url: str) -> SmtpEmailSender:
    composer = MimeComposer(
        mail_from="Users <no-reply@users.example>",
        app_name="Users",
        app_base_url="https://users.example",
        clock=FakeClock(),
    )
    return SmtpEmailSender(server=ServerAddress.from_url(url), composer=composer)


async def send(url: str, *, email: Email = WELCOME) -> None:
    await sender(url).send(email, within=PATIENT, accepted_within=PATIENT)


async def test_the_envelope_has_one_recipient_and_our_sender(smtp_server: SmtpServer) -> None:
    await send(f"smtp://127.0.0.1:{smtp_server.port}")

    [envelope] = smtp_server.received
    assert envelope.rcpt_tos == ["ada@example.com"]
    assert envelope.mail_from == "no-reply@users.example"


@pytest.mark.usefixtures("trusted")
async def test_delivers_over_tls(tls_server: SmtpServer) -> None:
    await send(f"smtps://localhost:{tls_server.port}")

    assert len(tls_server.received) == 1


@pytest.mark.usefixtures("trusted")
async def test_delivers_over_starttls_as_an_authenticated_user(starttls_server: SmtpServer) -> None:
    await send(f"smtp+starttls://us%40er:{PASSWORD}@localhost:{starttls_server.port}")

    assert len(starttls_server.received) == 1
    assert starttls_server.logins == ["us@er"]


@pytest.mark.usefixtures("trusted")
async def test_a_wrong_password_is_worth_another_attempt(starttls_server: SmtpServer) -> None:
    with pytest.raises(EmailNotAccepted, match=r"535: wrong user or password$"):
        await send(f"smtp+starttls://user:wrong@localhost:{starttls_server.port}")

    assert starttls_server.received == []


async def test_sends_nothing_to_a_server_that_it_cannot_trust(tls_server: SmtpServer) -> None:
    with pytest.raises(MailServerUnreachable, match=r"bad certificate \(unable to get local issuer"):
        await send(f"smtps://localhost:{tls_server.port}")

    assert tls_server.received == []


async def test_never_falls_back_to_plain_text(smtp_server: SmtpServer) -> None:
    with pytest.raises(EmailNotAccepted, match="the server does not offer TLS"):
        await send(f"smtp+starttls://127.0.0.1:{smtp_server.port}")

    assert smtp_server.received == []


async def test_an_accepted_mail_counts_as_sent_whatever_follows(smtp_server: SmtpServer) -> None:
    smtp_server.hangs_at = "QUIT"

    await send(f"smtp://127.0.0.1:{smtp_server.port}")

    assert len(smtp_server.received) == 1


@pytest.mark.parametrize("hangs_at", ["RCPT", "DATA"])
async def test_a_server_that_stalls_before_the_mail_was_sent_costs_no_more_than_an_attempt(
    smtp_server: SmtpServer, hangs_at: Literal["RCPT", "DATA"]
) -> None:
    smtp_server.hangs_at = hangs_at
    started = time.monotonic()

    with pytest.raises(MailServerUnreachable):
        await sender(f"smtp://127.0.0.1:{smtp_server.port}").send(
            WELCOME, within=IMPATIENT, accepted_within=PATIENT
        )

    assert time.monotonic() - started < PATIENT.total_seconds() / 2
    assert smtp_server.handed_over == []


async def test_a_server_may_take_longer_to_accept_a_mail_than_to_be_sent_one(smtp_server: SmtpServer) -> None:
    smtp_server.accepts_after = 2 * IMPATIENT.total_seconds()

    await sender(f"smtp://127.0.0.1:{smtp_server.port}").send(
        WELCOME, within=IMPATIENT, accepted_within=PATIENT
    )

    assert len(smtp_server.received) == 1


async def test_a_stopped_sender_no_longer_waits_for_a_mail_to_be_accepted(smtp_server: SmtpServer) -> None:
    smtp_server.hangs_at = "."
    sending = asyncio.create_task(send(f"smtp://127.0.0.1:{smtp_server.port}"))
    await asyncio.to_thread(eventually, lambda: smtp_server.handed_over != [], within=10)
    started = time.monotonic()

    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending

    assert time.monotonic() - started < 0.5


async def test_a_line_that_begins_with_a_dot_does_not_end_the_mail(smtp_server: SmtpServer) -> None:
    name = "\r\n.\r\n.." + "ä"

    await send(
        f"smtp://127.0.0.1:{smtp_server.port}",
        email=replace(WELCOME, variables={**WELCOME.variables, "name": name}),
    )

    [message] = smtp_server.messages()
    body = message.get_body(("plain",))
    assert body is not None
    assert "Hello \n.\n..ä," in body.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", "connection refused"),
        ("localhost", "connection refused"),
        ("nowhere.invalid", "unknown host"),
    ],
)
async def test_says_why_there_is_no_server(host: str, reason: str) -> None:
    with pytest.raises(MailServerUnreachable, match=f"^the mail server cannot be reached: {reason}$"):
        await send(f"smtp://user:{PASSWORD}@{host}:{free_port()}")


async def test_says_that_a_server_requires_tls(starttls_server: SmtpServer) -> None:
    with pytest.raises(EmailNotAccepted, match="530: TLS is required"):
        await send(f"smtp://localhost:{starttls_server.port}")


async def test_says_that_a_server_has_another_name(tls_server: SmtpServer, trusted: None) -> None:  # noqa: ARG001 - the environment has it
    with pytest.raises(MailServerUnreachable, match=r"bad certificate .*not valid for '127\.0\.0\.1'"):
        await send(f"smtps://127.0.0.1:{tls_server.port}")


async def test_says_that_a_server_speaks_no_tls(smtp_server: SmtpServer) -> None:
    with pytest.raises(MailServerUnreachable, match="the server does not offer TLS"):
        await send(f"smtps://127.0.0.1:{smtp_server.port}")


async def test_says_that_a_server_takes_no_login(smtp_server: SmtpServer) -> None:
    with pytest.raises(EmailNotAccepted, match="offers no login"):
        await send(f"smtp://user:{PASSWORD}@127.0.0.1:{smtp_server.port}")


async def test_says_that_a_server_is_silent() -> None:
    with (
        broken_servers.listening(broken_servers.say_nothing) as port,
        pytest.raises(MailServerUnreachable, match="no answer in time"),
    ):
        await sender(f"smtp://127.0.0.1:{port}").send(WELCOME, within=IMPATIENT, accepted_within=IMPATIENT)


async def test_a_connection_that_breaks_before_the_mail_was_sent_is_a_server_that_is_not_there() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(MailServerUnreachable):
            await send(f"smtp://127.0.0.1:{port}")


async def test_a_connection_that_breaks_after_the_mail_was_sent_may_have_delivered_it(
    smtp_server: SmtpServer,
) -> None:
    smtp_server.hangs_at = "."
    sending = asyncio.create_task(send(f"smtp://127.0.0.1:{smtp_server.port}"))
    await asyncio.to_thread(eventually, lambda: smtp_server.handed_over != [], within=10)

    await asyncio.to_thread(smtp_server.break_connections)
    with pytest.raises(ConnectionError):
        await sending
    smtp_server.hangs_at = None
    await send(f"smtp://127.0.0.1:{smtp_server.port}")

    ids = [message["Message-ID"] for message in smtp_server.handed_over_messages()]
    assert len(ids) == 2
    assert len(set(ids)) == 1
