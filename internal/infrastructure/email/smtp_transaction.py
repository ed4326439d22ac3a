"""One mail on an open connection, in two steps: who gives up in the second may have sent it."""

from email.message import EmailMessage

from aiosmtplib import SMTP, SMTPDataError, SMTPServerDisconnected, SMTPStatus
from aiosmtplib.protocol import normalize_message_line_endings


async def offer(client: SMTP, message: EmailMessage) -> None:
    """Announce the mail, until the server is ready to take it."""
    await client.mail(message["From"].addresses[0].addr_spec)
    await client.rcpt(message["To"].addresses[0].addr_spec)
    reply = await client.execute_command(b"DATA")
    if reply.code != SMTPStatus.start_input:
        raise SMTPDataError(reply.code, reply.message)


async def hand_over(client: SMTP, message: EmailMessage) -> None:
    """Send the mail, and wait for the server's word on it for as long as the caller does."""
    if client.protocol is None:
        raise SMTPServerDisconnected("the server left when it was ready to take the mail")
    client.protocol.write(_on_the_wire(message))  # at once: the kernel has room for a mail's few kilobytes
    reply = await client.protocol.read_response()
    if reply.code != SMTPStatus.completed:
        raise SMTPDataError(reply.code, reply.message)


def _on_the_wire(message: EmailMessage) -> bytes:
    """A dot that begins a line is doubled, and one alone ends the mail: RFC 5321 section 4.5.2."""
    lines = normalize_message_line_endings(message.as_bytes())
    return lines.replace(b"\r\n.", b"\r\n..") + b".\r\n"
