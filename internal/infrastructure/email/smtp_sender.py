import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from urllib.parse import unquote, urlsplit

import structlog
from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPRecipientRefused, SMTPResponseException

from internal.infrastructure.email.mime import ComposedEmail, MimeComposer
from internal.infrastructure.email.smtp_errors import reason_of
from internal.infrastructure.email.smtp_transaction import hand_over, offer
from internal.ports.email_sender import Email, EmailRejected, MailServerUnreachable

log = structlog.get_logger(__name__)

GOODBYE_WITHIN = 1  # seconds

_FIRST_PERMANENT_CODE = 500  # RFC 5321 section 4.2.1
_DEFAULT_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class EmailNotAccepted(Exception):
    """The mail server did not take the message this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    host: str
    port: int
    use_tls: bool
    start_tls: bool
    username: str | None
    password: str | None

    @classmethod
    def from_url(cls, url: str) -> Self:
        """`smtp://` is plain, `smtp+starttls://` upgrades to TLS, `smtps://` starts with TLS."""
        parts = urlsplit(url)
        return cls(
            host=parts.hostname or "",
            port=parts.port or _DEFAULT_PORTS[parts.scheme],
            use_tls=parts.scheme == "smtps",
            start_tls=parts.scheme == "smtp+starttls",
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


class SmtpEmailSender:
    def __init__(self, *, server: SmtpServer, composer: MimeComposer) -> None:
        self._server = server
        self._composer = composer

    async def send(self, email: Email, *, within: timedelta, accepted_within: timedelta) -> None:
        composed = self._composer.compose(email)
        client = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.use_tls,
            start_tls=self._server.start_tls,
            username=self._server.username,
            password=self._server.password,
            local_hostname=socket.gethostname(),  # the default asks DNS for every email
        )
        try:
            await _open(client, composed, within=within)
            async with asyncio.timeout(accepted_within.total_seconds()):
                await hand_over(client, composed)
            await _say_goodbye(client)
        except SMTPResponseException as error:
            # The reply may repeat the address, and the text of an error ends up in the logs.
            raise _translate(error) from None
        finally:
            client.close()  # as a context manager, the client would wait for a hanging server


async def _open(client: SMTP, email: ComposedEmail, *, within: timedelta) -> None:
    """Connect and offer the email. A failure without a reply means that the server is unreachable."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            await client.connect()
            await offer(client, email)
    except SMTPResponseException:
        raise
    # Includes aiosmtplib's errors for refusals, time limits and broken connections.
    except OSError as error:
        log.warning("mail.server_unreachable", reason=reason_of(error))
        raise MailServerUnreachable(f"the mail server cannot be reached: {reason_of(error)}") from error
    except SMTPException as error:
        raise EmailNotAccepted(f"the mail server cannot be used: {reason_of(error)}") from error


async def _say_goodbye(client: SMTP) -> None:
    """Ignore errors: the server has accepted the email, and another attempt would send it twice."""
    with suppress(SMTPException):
        await client.quit(timeout=GOODBYE_WITHIN)


def _translate(error: SMTPResponseException) -> Exception:
    about_the_message = isinstance(error, SMTPRecipientRefused | SMTPDataError)
    permanent = about_the_message and error.code >= _FIRST_PERMANENT_CODE
    kind = EmailRejected if permanent else EmailNotAccepted
    text = f"{type(error).__name__} {error.code}"
    reason = reason_of(error)
    return kind(f"{text}: {reason}" if reason else text)
