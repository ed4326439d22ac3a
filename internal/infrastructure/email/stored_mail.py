"""Reads `.eml` files, also broken ones: a developer may have written one."""

from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesHeaderParser

# What the standard library raises for malformed headers, character sets and nesting.
_BROKEN = (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """A file without headers is a mail whose text is the file."""

    headers: Sequence[tuple[str, str]]
    text: str | None = None
    html: str | None = None

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def subject(self) -> str:
        return self.header("subject")

    @property
    def recipient(self) -> str:
        return self.header("to")


def read_headers(content: bytes) -> StoredMail:
    """The mail without its parts. `content` may be the beginning of a file."""
    try:
        return StoredMail(headers=_headers_of(BytesHeaderParser(policy=policy.default).parsebytes(content)))
    except _BROKEN:
        return StoredMail(headers=())


def read_mail(content: bytes) -> StoredMail:
    try:
        message = message_from_bytes(content, EmailMessage, policy=policy.default)
        text, html = _part_of(message, "plain"), _part_of(message, "html")
        return StoredMail(headers=_headers_of(message), text=text, html=html)
    except _BROKEN:
        return StoredMail(headers=(), text=content.decode(errors="replace"))


def _headers_of(message: EmailMessage) -> Sequence[tuple[str, str]]:
    return [(_printable(name), _printable(str(value))) for name, value in message.items()]


def _part_of(message: EmailMessage, subtype: str) -> str | None:
    part = message.get_body((subtype,))
    return _printable(str(part.get_content())) if part else None


def _printable(text: str) -> str:
    """The parser keeps bytes that are not text as lone surrogates, which no page can have."""
    return text.encode(errors="surrogateescape").decode(errors="replace")
