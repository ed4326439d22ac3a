import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from internal.infrastructure.email.stored_mail import StoredMail, read_headers, read_mail

# The names that FileEmailSender gives. None leads out of the folder.
_NAME = re.compile(r"[\w-][\w.-]{0,200}\.eml", re.ASCII)
_MAIL, _HEADERS = 1024 * 1024, 16 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    name: str
    written_at: datetime
    mail: StoredMail


class MailFolder:
    """The emails that FileEmailSender has written. Files may come and go at any time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def newest(self, *, limit: int, offset: int = 0) -> tuple[Sequence[MailFile], int]:
        """Some emails without their parts, newest first, and the number of all emails."""
        names = [name for _, name in sorted(self._times_and_names(), reverse=True)]
        files = [self._read(name, read_headers, at_most=_HEADERS) for name in names[offset : offset + limit]]
        return [file for file in files if file], len(names)

    def read(self, name: str) -> MailFile | None:
        """The email in this file, or in its first MiB. None if there is no such email."""
        return self._read(name, read_mail, at_most=_MAIL) if _NAME.fullmatch(name) else None

    def _times_and_names(self) -> Iterator[tuple[int, str]]:
        with suppress(FileNotFoundError), os.scandir(self._directory) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                        yield entry.stat(follow_symlinks=False).st_mtime_ns, entry.name

    def _read(self, name: str, parse: Callable[[bytes], StoredMail], *, at_most: int) -> MailFile | None:
        # A link could lead out of the folder, and a pipe would block.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        with suppress(OSError), os.fdopen(os.open(self._directory / name, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode):
                written_at = datetime.fromtimestamp(status.st_mtime, UTC)
                return MailFile(name=name, written_at=written_at, mail=parse(file.read(at_most)))
        return None
