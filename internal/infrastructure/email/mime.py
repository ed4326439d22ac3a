"""Compose the message for an Email: templates, headers, text and HTML."""

from collections.abc import Mapping
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from functools import cache, lru_cache
from pathlib import Path
from secrets import token_hex
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from internal.infrastructure.email.email_identifiers import message_id
from internal.infrastructure.email.links import AccountLinks
from internal.ports.clock import Clock
from internal.ports.email_sender import Email

LONGEST_LINE = 998  # RFC 5322 section 2.1.1; bytes

TEMPLATES = Path(__file__).parent / "templates"


# Headers that have few values, and none that is about a person.
_REPEATED = {"auto-submitted", "content-transfer-encoding", "content-type", "mime-version", "x-mail-kind"}


class _CachedHeaderRegistry(HeaderRegistry):
    """Reuses header classes, and headers that are the same in many emails.

    To build and to write each one, as the standard library does, takes most of the time of an email.
    """

    __getitem__ = cache(HeaderRegistry.__getitem__)

    def __call__(self, name: str, value: Any) -> Any:
        return self._parsed(name, value) if name.lower() in _REPEATED else super().__call__(name, value)

    @lru_cache(maxsize=64)  # noqa: B019 - there is one registry
    def _parsed(self, name: str, value: str) -> Any:
        return _folded_once(super().__call__(name, value))


def _folded_once(header: Any) -> Any:
    header.fold = cache(header.fold)
    return header


_POLICY = SMTP.clone(header_factory=_CachedHeaderRegistry(), cte_type="7bit")  # every server accepts it


class MimeComposer:
    """Renders `<kind>.subject.txt`, `<kind>.txt` and `<kind>.html`. Only the last escapes values.

    `make mails` makes layout.html, which the HTML templates extend, from layout.mjml.
    """

    def __init__(self, *, mail_from: str, app_name: str, app_base_url: str, clock: Clock) -> None:
        name, address = parseaddr(mail_from)
        self._sender = Address(display_name=name, addr_spec=address)
        self._from = _folded_once(_POLICY.header_factory("From", self._sender))
        self._clock = clock
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            keep_trailing_newline=True,
        )
        self._templates.globals.update(
            app_name=app_name, app_base_url=app_base_url, links=AccountLinks(app_base_url=app_base_url)
        )

    def compose(self, email: Email) -> EmailMessage:
        subject = self._render(f"{email.kind}.subject.txt", email.variables).strip()
        message = EmailMessage(policy=_POLICY)
        message["From"] = self._from
        message["To"] = Address(addr_spec=email.recipient.value)
        message["Subject"] = subject
        message["Date"] = self._clock.now()
        message["Message-ID"] = message_id(email, domain=self._sender.domain)
        message["X-Mail-Kind"] = email.kind
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation replies
        text = self._render(f"{email.kind}.txt", email.variables)
        html = self._render(f"{email.kind}.html", {**email.variables, "subject": subject})
        # People read the files of development emails, and quoted-printable would split the links.
        message.set_content(text, cte=_encoding(text))
        # Otherwise the standard library compiles a pattern for each email, to see whether its choice is free.
        message.make_alternative(boundary=token_hex())
        message.add_alternative(html, subtype="html", cte=_encoding(html))
        return message

    def _render(self, template: str, variables: Mapping[str, str]) -> str:
        return self._templates.get_template(template).render(variables)


def _encoding(text: str) -> str | None:
    """None lets the standard library choose."""
    return "7bit" if text.isascii() and all(len(line) <= LONGEST_LINE for line in text.splitlines()) else None
