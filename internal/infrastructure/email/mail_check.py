import structlog

from internal.infrastructure.email.smtp_sender import SmtpEmailSender
from internal.ports.email_sender import EmailSender

log = structlog.get_logger(__name__)


async def warn_of_mail_server(sender: EmailSender) -> None:
    """Log why no mail would go out from here. The worker works all the same: mails wait for their server."""
    if isinstance(sender, SmtpEmailSender) and (reason := await sender.why_unusable()):
        log.warning("mail.server_unreachable", reason=reason)
