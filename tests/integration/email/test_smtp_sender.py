import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from internal.domain.email_address import EmailAddress
from internal.infrastructure.email.mime import MimeComposer
from internal.infrastructure.email.smtp_sender import EmailNotAccepted, SmtpEmailSender
from internal.infrastructure.email.smtp_sender import SmtpServer as ServerAddress
from internal.infrastructure.embedded.process import free_port
from internal.ports.email_sender import Email
from tests.fakes.clock import FakeClock
from tests.smtp import PASSWORD, SmtpServer

pytestmark = pytest.mark.anyio

WELCOME = Email(
    kind="welcome",
    recipient=EmailAddress.parse("ada@example.com"),
    variables={"name": "Ada"},
    message_id="task-1",
)


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


async def send(url: str) -> None:
    composer = MimeComposer(
        mail_from="Users <no-reply@users.example>",
        app_name="Users",
        app_base_url="https://users.example",
        clock=FakeClock(),
    )
    sender = SmtpEmailSender(server=ServerAddress.from_url(url), composer=composer)
    await sender.send(WELCOME, within=timedelta(seconds=10))


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
    with pytest.raises(EmailNotAccepted, match="535"):
        await send(f"smtp+starttls://user:wrong@localhost:{starttls_server.port}")

    assert starttls_server.received == []


async def test_sends_nothing_to_a_server_that_it_cannot_trust(tls_server: SmtpServer) -> None:
    with pytest.raises(ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        await send(f"smtps://localhost:{tls_server.port}")

    assert tls_server.received == []


async def test_never_falls_back_to_plain_text(smtp_server: SmtpServer) -> None:
    with pytest.raises(Exception, match="STARTTLS"):
        await send(f"smtp+starttls://127.0.0.1:{smtp_server.port}")

    assert smtp_server.received == []


async def test_an_accepted_mail_counts_as_sent_whatever_follows(smtp_server: SmtpServer) -> None:
    smtp_server.hangs_at = "QUIT"

    await send(f"smtp://127.0.0.1:{smtp_server.port}")

    assert len(smtp_server.received) == 1


async def test_a_server_that_is_down_is_worth_another_attempt() -> None:
    with pytest.raises(ConnectionError):
        await send(f"smtp://127.0.0.1:{free_port()}")
