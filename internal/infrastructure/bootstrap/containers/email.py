from dependency_injector import containers, providers

from internal.infrastructure.config.mail_directory import mail_directory
from internal.infrastructure.config.settings import Settings
from internal.infrastructure.email.mail_folder import MailFolder
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
    if directory := mail_directory(settings.mail_url):
        return FileEmailSender(directory=directory, composer=composer)
    return SmtpEmailSender(server=SmtpServer.from_url(settings.mail_url), composer=composer)


def _folder(settings: Settings) -> MailFolder:
    directory = mail_directory(settings.mail_url)
    if directory is None:
        raise ValueError("MAIL_URL is not a directory")
    return MailFolder(directory)


class EmailContainer(containers.DeclarativeContainer):
    """The sender that MAIL_URL names: an SMTP server, or a directory, whose emails `folder` reads."""

    settings = providers.Dependency(instance_of=Settings)
    clock: providers.Dependency[Clock] = providers.Dependency()

    sender = providers.Singleton(_sender, settings, clock)
    folder = providers.Singleton(_folder, settings)
