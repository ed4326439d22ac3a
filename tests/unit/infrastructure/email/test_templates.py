"""What holds for every kind of email, with the sample values of `make mail-preview`."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from jinja2 import UndefinedError

from internal.domain.email_address import EmailAddress
from internal.infrastructure.email.mime import TEMPLATES, MimeComposer
from internal.ports.email_sender import Email
from tests.fakes.clock import FakeClock
from tools.mail_preview import SAMPLES

BASE = "https://users.example"
COMPOSER = MimeComposer(
    mail_from="Users <no-reply@users.example>", app_name="Users", app_base_url=BASE, clock=FakeClock()
)
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "X-Mail-Kind",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
}
WITH_A_LINK = {kind for kind, variables in SAMPLES.items() if "token" in variables}
VARIABLES = [(kind, name) for kind, variables in SAMPLES.items() for name in variables]
ATTACK = '</p><a href="https://evil.example">{{7*7}}</a>\r\nBcc: eve@example.com'

every_kind = pytest.mark.parametrize("kind", SAMPLES)


class Page(HTMLParser):
    """The parts of an HTML page that a reader and a browser use."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"style", "title"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.text += data

    def links(self) -> list[str | None]:
        return [attributes.get("href") for tag, attributes in self.tags if tag == "a"]


def email(kind: str, **variables: str) -> Email:
    return Email(
        kind=kind,
        recipient=EmailAddress.parse("ada@example.com"),
        variables={**SAMPLES[kind], **variables},
        message_id="task-1",
    )


def received(kind: str, **variables: str) -> EmailMessage:
    sent = COMPOSER.compose(email(kind, **variables)).content
    return message_from_bytes(sent, EmailMessage, policy=policy.default)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def addresses(html: str) -> Iterator[str]:
    for _, attributes in Page(html).tags:
        yield from (attributes[name] or "" for name in ("href", "src", "background") if name in attributes)
    yield from re.findall(r"url\(([^)]*)\)|@import\s+(\S+)", html)


def test_every_kind_has_sample_values() -> None:
    kinds = {path.name.removesuffix(".subject.txt") for path in TEMPLATES.glob("*.subject.txt")}
    layouts = {"layout.mjml", "layout.html", "layout.txt"}

    assert kinds == SAMPLES.keys()
    assert {path.name for path in TEMPLATES.iterdir()} - layouts == {
        f"{kind}.{part}" for kind in kinds for part in ("subject.txt", "txt", "html")
    }


@every_kind
def test_the_headers_are_complete_and_no_others_are_added(kind: str) -> None:
    message = received(kind)

    assert set(message.keys()) == HEADERS
    assert message["X-Mail-Kind"] == kind
    assert "Users" in message["Subject"]
    assert not message.defects


@every_kind
def test_both_bodies_greet_the_user(kind: str) -> None:
    message = received(kind, name="Ada")

    assert body(message, "plain").startswith("Hello Ada,\n\n")
    assert "Hello Ada," in Page(body(message, "html")).text


@every_kind
def test_both_bodies_say_why_the_user_gets_the_email(kind: str) -> None:
    message = received(kind)

    for text in (body(message, "plain"), Page(body(message, "html")).text):
        assert "You get this email because" in " ".join(text.split())
        assert re.search(r"[Ii]f (you did not|you have no account|this was not you)", text)


@every_kind
def test_the_text_is_plain_and_tidy(kind: str) -> None:
    text = body(received(kind), "plain")

    assert not re.search(r"<|>|&\w+;|\{|\}", text)
    assert "\n\n\n" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
    assert max(len(line) for line in text.splitlines() if "://" not in line) < 80


@pytest.mark.parametrize("kind", sorted(WITH_A_LINK))
def test_both_bodies_carry_the_link_and_say_how_long_it_works(kind: str) -> None:
    message = received(kind, token="t-1_A", valid_for="7 hours")
    text, page = body(message, "plain"), Page(body(message, "html"))

    [link] = re.findall(r"^https://\S+token=\S+$", text, re.MULTILINE)
    assert re.fullmatch(rf"{BASE}/(verify-email|reset-password|confirm-email)\?token=t-1_A", link)
    # The button, and the same address as text for readers who cannot use it.
    assert page.links().count(link) == 2
    assert link in page.text
    assert "The link works once, for 7 hours." in text
    assert "The link works once, for 7 hours." in page.text


@every_kind
def test_an_email_loads_nothing_and_only_leads_to_the_service(kind: str) -> None:
    html = body(received(kind), "html")

    assert {f"{urlsplit(a).scheme}://{urlsplit(a).netloc}" for a in addresses(html)} == {BASE}
    assert not {tag for tag, _ in Page(html).tags} & {"img", "link", "script", "form", "iframe"}


@every_kind
def test_the_page_is_accessible_and_knows_dark_mode(kind: str) -> None:
    message = received(kind)
    html = body(message, "html")
    page = Page(html)
    attributes = dict(reversed(page.tags))

    assert attributes["html"]["lang"] == "en"
    assert f"<title>{message['Subject']}</title>" in html
    assert [tag for tag, _ in page.tags if re.fullmatch(r"h\d", tag)] == ["h1"]
    assert all(given.get("role") == "presentation" for tag, given in page.tags if tag == "table")
    assert '<meta name="color-scheme" content="light dark"' in html
    assert "@media (prefers-color-scheme: dark)" in html


@pytest.mark.parametrize(("kind", "variable"), VARIABLES)
def test_every_value_is_literal(kind: str, variable: str) -> None:
    message = received(kind, **{variable: ATTACK})
    page = Page(body(message, "html"))

    assert set(message.keys()) == HEADERS
    assert message["To"] == "ada@example.com"
    assert not {"https://evil.example"} & set(page.links())
    assert "49" not in page.text


@pytest.mark.parametrize(("kind", "variable"), VARIABLES)
def test_a_missing_value_is_an_error(kind: str, variable: str) -> None:
    given = email(kind)
    rest = {name: value for name, value in given.variables.items() if name != variable}

    with pytest.raises(UndefinedError):
        COMPOSER.compose(Email(kind=kind, recipient=given.recipient, variables=rest, message_id="task-1"))
