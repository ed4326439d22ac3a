"""The mail server of the fault rows: it records when each email came, and refuses some recipients."""

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.smtp_server import ACCEPTED, SmtpServer

_HEADER = {
    name: re.compile(rb"^" + name + rb": (.*?)\r?$", re.MULTILINE) for name in (b"Message-ID", b"X-Mail-Kind")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An email that was accepted; `at` is on the monotonic clock."""

    recipient: str
    message_id: str
    kind: str
    at: float


class Sink(SmtpServer):
    """`replies` maps the start of an address to the answer to RCPT; None means no answer."""

    def __init__(self) -> None:
        super().__init__()
        self.arrivals: list[Arrival] = []
        self.attempts: Counter[str] = Counter()
        self.replies: dict[str, str | None] = {}

    def accept_all(self) -> None:
        self.replies.clear()
        self.rcpt_reply = self.data_reply = ACCEPTED
        self.hangs_at = None
        self.accepts_after = 0.0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names its hooks so
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        self.attempts[address] += 1
        for beginning, reply in self.replies.items():
            if address.startswith(beginning):
                return reply or await _silence()
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(  # noqa: N802 - aiosmtpd names its hooks so
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
    ) -> str:
        reply = await super().handle_DATA(server, session, envelope)
        if reply == ACCEPTED:
            self.arrivals.append(_arrival_of(envelope))
        return reply


async def _silence() -> str:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


def _arrival_of(envelope: Envelope) -> Arrival:
    [recipient] = envelope.rcpt_tos
    head = (envelope.original_content or b"").partition(b"\r\n\r\n")[0]
    message_id, kind = (
        found[1].decode() if (found := header.search(head)) else "" for header in _HEADER.values()
    )
    return Arrival(recipient=recipient, message_id=message_id, kind=kind, at=time.monotonic())
