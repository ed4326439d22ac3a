"""A real SMTP server for tests: it keeps what it accepts, and refuses what it is told to."""

import asyncio
import ssl
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, AnyStr, Literal, Self

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from internal.infrastructure.embedded.process import free_port

ACCEPTED = "250 OK"
PASSWORD = "hunter2"


class _Connection(SMTP):
    """aiosmtpd's has no hook between the command DATA and the leave to send."""

    async def push(self, status: AnyStr) -> None:
        if str(status).startswith("354") and self.event_handler.hangs_at == "DATA":
            await asyncio.Event().wait()
        await super().push(status)


class _Controller(Controller):
    """aiosmtpd's runs a server in a thread, but leaves the connections open that are there at its end."""

    def __init__(self, handler: object, **options: Any) -> None:
        super().__init__(handler, **options)
        self._connections: list[SMTP] = []

    def factory(self) -> SMTP:
        connection = _Connection(self.handler, **self.SMTP_kwargs)
        self._connections.append(connection)
        return connection

    def end_connections(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end_connections(), self.loop).result(timeout=10)

    async def _end_connections(self) -> None:
        for connection in self._connections:
            transport = connection.transport
            if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
                transport.abort()
        for _ in range(10):  # turns of the loop in which it notices, failed TLS handshakes included
            await asyncio.sleep(0)


class SmtpServer:
    """Plain by default, TLS from the start with `tls`, STARTTLS and AUTH required with `starttls`.

    `rcpt_reply` and `data_reply` are its answers; `hangs_at` what it takes and never answers: a command, or
    the dot that ends a mail. `accepts_after` is how many seconds it thinks about a mail that it has.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None) -> None:
        self.handed_over: list[Envelope] = []
        self.received: list[Envelope] = []
        self.logins: list[str] = []
        self.rcpt_reply = ACCEPTED
        self.data_reply = ACCEPTED
        self.hangs_at: Literal["RCPT", "DATA", ".", "QUIT"] | None = None
        self.accepts_after = 0.0
        self.port = free_port()
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            server_hostname="localhost",  # the default asks the name servers
            ssl_context=tls,
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=starttls is not None,
            authenticator=self._authenticate,
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.end_connections()
        self._controller.stop()

    def break_connections(self) -> None:
        self._controller.end_connections()

    # Not properties: aiosmtpd looks at all attributes of its handler, for every connection.
    def messages(self) -> list[EmailMessage]:
        """Return the accepted messages."""
        return [_message(envelope) for envelope in self.received]

    def handed_over_messages(self) -> list[EmailMessage]:
        """Return the messages that were sent completely, with any answer or without one."""
        return [_message(envelope) for envelope in self.handed_over]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names its hooks so
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self.hangs_at == "RCPT":
            await asyncio.Event().wait()
        if self.rcpt_reply == ACCEPTED:
            envelope.rcpt_tos.append(address)
        return self.rcpt_reply

    async def handle_DATA(  # noqa: N802 - aiosmtpd names its hooks so
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
    ) -> str:
        self.handed_over.append(envelope)
        if self.hangs_at == ".":
            await asyncio.Event().wait()
        await asyncio.sleep(self.accepts_after)
        if self.data_reply == ACCEPTED:
            self.received.append(envelope)
        return self.data_reply

    async def handle_QUIT(  # noqa: N802 - aiosmtpd names its hooks so
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
    ) -> str:
        if self.hangs_at == "QUIT":
            await asyncio.Event().wait()
        return "221 Bye"

    def _authenticate(self, *arguments: object) -> AuthResult:
        credentials = arguments[-1]
        assert isinstance(credentials, LoginPassword)
        self.logins.append(credentials.login.decode())
        return AuthResult(success=credentials.password == PASSWORD.encode(), handled=False)


def _message(envelope: Envelope) -> EmailMessage:
    return message_from_bytes(envelope.original_content or b"", EmailMessage, policy=policy.default)


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server
