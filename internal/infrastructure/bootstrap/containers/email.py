from pathlib import Path
from urllib.parse import unquote, urlsplit

from dependency_injector import containers, providers

from internal.infrastructure.config.settings import Settings
from internal.ports.clock import Clock
from internal.ports.email_sender import EmailSender


def _sender(settings: Settings, clock: Clock) -> EmailSender:
    # Imported here, because only a worker sends email and the libraries take 2.5 MB.
    from internal.infrastructure.email.file_sender import FileEmailSender  # noqa: PLC0415 - see above
    from internal.infrastructure.email.mime import MimeComposer  # noqa: PLC0415 - see above
    from internal.infrastructure.email.smtp_sender import SmtpEmailSender, SmtpServer  # noqa: PLC0415 - see above

    composer = MimeComposer(
        mail_from=settings.mail_from,
        app_name=settings.app_name,
        app_base_url=settings.app_base_url,
        clock=clock,
    )
    parts = urlsplit(settings.mail_url)
    if parts.scheme == "file":
        return FileEmailSender(directory=Path(unquote(parts.path)), composer=composer)
    return SmtpEmailSender(server=SmtpServer.from_url(settings.mail_url), composer=composer)


class EmailContainer(containers.DeclarativeContainer):
    """The sender that MAIL_URL names: an SMTP server, or a directory."""

    settings = providers.Dependency(instance_of=Settings)
    clock: providers.Dependency[Clock] = providers.Dependency()

    sender = providers.Singleton(_sender, settings, clock)
