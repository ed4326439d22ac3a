"""Send one email on an open connection, in two steps. If the second fails, the email may have been sent."""

from aiosmtplib import SMTP, SMTPDataError, SMTPServerDisconnected, SMTPStatus

from internal.infrastructure.email.mime import ComposedEmail


async def offer(client: SMTP, email: ComposedEmail) -> None:
    """Announce the email and wait until the server is ready for it."""
    await client.mail(email.sender)
    await client.rcpt(email.recipient)
    reply = await client.execute_command(b"DATA")
    if reply.code != SMTPStatus.start_input:
        raise SMTPDataError(reply.code, reply.message)


async def hand_over(client: SMTP, email: ComposedEmail) -> None:
    """Send the email and wait for the server's reply. The caller sets the time limit."""
    if client.protocol is None:
        raise SMTPServerDisconnected("the server closed the connection before it took the email")
    # This does not block: the kernel's buffer holds the few kilobytes of an email.
    client.protocol.write(_on_the_wire(email.content))
    reply = await client.protocol.read_response()
    if reply.code != SMTPStatus.completed:
        raise SMTPDataError(reply.code, reply.message)


def _on_the_wire(content: bytes) -> bytes:
    """Double a dot at the start of a line. A single dot ends the email (RFC 5321 section 4.5.2)."""
    return content.replace(b"\r\n.", b"\r\n..") + b".\r\n"
