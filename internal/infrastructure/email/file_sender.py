from datetime import timedelta
from pathlib import Path

from internal.infrastructure.email.email_identifiers import file_name
from internal.infrastructure.email.mime import MimeComposer
from internal.ports.email_sender import Email


class FileEmailSender:
    """Writes each email to an `.eml` file, for development. An email that is sent again replaces its file."""

    def __init__(self, *, directory: Path, composer: MimeComposer) -> None:
        self._directory = directory
        self._composer = composer

    async def send(
        self,
        email: Email,
        *,
        within: timedelta,  # noqa: ARG002 - a local file needs no limit
        accepted_within: timedelta,  # noqa: ARG002 - as `within`
    ) -> None:
        # To write a few kilobytes takes less time than to hand them to a thread.
        self._write(file_name(email), self._composer.compose(email).content)

    def _write(self, name: str, content: bytes) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        unfinished = self._directory / f".{name}.part"
        unfinished.write_bytes(content)
        unfinished.replace(self._directory / name)  # readers never see a partial email
