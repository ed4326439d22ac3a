"""Compose the message for an Email: templates, headers, text and HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from pathlib import Path
from secrets import token_hex

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from internal.infrastructure.email.email_identifiers import message_id
from internal.infrastructure.email.links import AccountLinks
from internal.infrastructure.email.mime_parts import header, text_part
from internal.ports.clock import Clock
from internal.ports.email_sender import Email

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedEmail:
    """`content` is ASCII. Each of its lines ends with CRLF, and has at most 998 characters."""

    sender: str
    recipient: str
    content: bytes


class MimeComposer:
    """Renders `<kind>.subject.txt`, `<kind>.txt` and `<kind>.html`. Only the last escapes values.

    `make mails` makes layout.html, which the HTML templates extend, from layout.mjml.
    """

    def __init__(self, *, mail_from: str, app_name: str, app_base_url: str, clock: Clock) -> None:
        name, address = parseaddr(mail_from)
        self._sender = Address(display_name=name, addr_spec=address)
        self._from = header("From", self._sender)
        self._clock = clock
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            auto_reload=False,
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            keep_trailing_newline=True,
        )
        self._templates.globals.update(
            app_name=app_name, app_base_url=app_base_url, links=AccountLinks(app_base_url=app_base_url)
        )

    def compose(self, email: Email) -> ComposedEmail:
        subject = self._render(f"{email.kind}.subject.txt", email.variables).strip()
        text = self._render(f"{email.kind}.txt", email.variables)
        html = self._render(f"{email.kind}.html", {**email.variables, "subject": subject})
        # Its 256 random bits occur in no body.
        boundary = token_hex().encode()
        content = (
            self._headers(email, subject),
            b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="%b"\r\n' % boundary,
            b"\r\n--%b\r\n" % boundary,
            text_part(text, subtype="plain"),
            b"\r\n--%b\r\n" % boundary,
            text_part(_ascii(html), subtype="html"),
            b"\r\n--%b--\r\n" % boundary,
        )
        return ComposedEmail(
            sender=self._sender.addr_spec, recipient=email.recipient.value, content=b"".join(content)
        )

    def _headers(self, email: Email, subject: str) -> bytes:
        return b"".join(
            (
                self._from,
                header("To", email.recipient.value),
                header("Subject", subject),
                header("Date", format_datetime(self._clock.now())),
                header("Message-ID", message_id(email, domain=self._sender.domain)),
                header("X-Mail-Kind", email.kind),
                # RFC 3834: no vacation replies
                header("Auto-Submitted", "auto-generated"),
            )
        )

    def _render(self, template: str, variables: Mapping[str, str]) -> str:
        return self._templates.get_template(template).render(variables)


def _ascii(html: str) -> str:
    """Write each character that is not ASCII as a reference: it is ten times as fast as encoding the page."""
    return html.encode("ascii", errors="xmlcharrefreplace").decode()
