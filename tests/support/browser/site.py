"""A server, a worker and their mails, for people with a browser."""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.support.polling import eventually
from tests.support.system import System

# Seconds. After an attempt that failed, the next one waits until the claim of the email has ended.
MAILED_WITHIN = 60
_LINK = re.compile(r"https?://\S+\?token=[\w-]+")


@dataclass(frozen=True, slots=True)
class Site:
    system: System
    mails: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.system.port}"

    def mail(self, kind: str, *, to: str) -> EmailMessage:
        """Wait for a mail of this kind to this person."""
        eventually(lambda: bool(self._mails(kind, to=to)), within=MAILED_WITHIN)
        return self._mails(kind, to=to)[-1]

    def link(self, kind: str, *, to: str) -> str:
        """Wait for the mail, and return its link."""
        [link] = set(_LINK.findall(str(self.mail(kind, to=to).get_body(("plain",)))))
        return str(link)

    @contextmanager
    def broken_mails(self) -> Iterator[None]:
        """A file is where the emails belong: each attempt to send one fails with FileExistsError."""
        aside = self.mails.with_name("aside")
        if self.mails.exists():
            self.mails.rename(aside)
        self.mails.touch()
        try:
            yield
        finally:
            self.mails.unlink()
            if aside.exists():
                aside.rename(self.mails)

    def _mails(self, kind: str, *, to: str) -> list[EmailMessage]:
        files = sorted(self.mails.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        mails = [message_from_bytes(file.read_bytes(), EmailMessage, policy=policy.default) for file in files]
        return [mail for mail in mails if (mail["X-Mail-Kind"], mail["To"]) == (kind, to)]


@contextmanager
def running_site(*, database_url: str, redis_url: str, folder: Path) -> Generator[Site]:
    """In development, which has the most pages. `folder` gets the logs and the mails, and has no `.env`."""
    mails = folder / "mail"
    system = System(
        database_url=database_url,
        redis_url=redis_url,
        mail_url=mails.as_uri(),
        logs=folder,
        directory=folder,
    )
    site = Site(system, mails)
    system.env |= {"APP_ENV": "development", "APP_BASE_URL": site.url}
    try:
        system.start_server()
        system.start_worker()
        yield site
    finally:
        system.stop()
