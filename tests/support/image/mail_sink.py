"""A replacement for Mailpit that accepts every mail."""

import email.policy
import queue
from email.message import EmailMessage
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from internal.infrastructure.embedded.process import free_port


class MailSink:
    def __init__(self) -> None:
        self._mails: queue.Queue[EmailMessage] = queue.Queue()
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def next(self, *, within: float) -> EmailMessage:
        """The next mail; raise queue.Empty if none comes `within` that many seconds."""
        return self._mails.get(timeout=within)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's signature
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else content or b""
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self._mails.put(message)
        return "250 OK"
