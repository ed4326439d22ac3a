from dataclasses import replace
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from internal.domain.display_name import DisplayName, InvalidDisplayName
from internal.domain.email_address import EmailAddress, InvalidEmailAddress
from internal.infrastructure.email.mime import MimeComposer
from internal.ports.email_sender import Email
from tests.fakes.clock import FakeClock

COMPOSER = MimeComposer(
    mail_from="Users <no-reply@users.example>",
    app_name="Users",
    app_base_url="https://users.example",
    clock=FakeClock(),
)
WELCOME = Email(
    kind="welcome",
    recipient=EmailAddress.parse("ada@example.com"),
    variables={"name": "Ada"},
    message_id="task-1",
)


def received(email: Email) -> EmailMessage:
    """The message as the mail software at the other end reads it."""
    sent = COMPOSER.compose(email).as_bytes(policy=policy.SMTP)
    return message_from_bytes(sent, EmailMessage, policy=policy.default)


def recipients(message: EmailMessage) -> list[str]:
    header = message["To"]
    assert isinstance(header, AddressHeader)
    return [address.addr_spec for address in header.addresses]


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_the_headers_say_what_the_mail_is() -> None:
    message = received(WELCOME)

    assert message["From"] == "Users <no-reply@users.example>"
    assert message["Subject"] == "Welcome to Users"
    assert message["Date"] == "Tue, 01 Jan 2030 12:00:00 +0000"
    assert message["Message-ID"].strip() == "<task-1.welcome@users.example>"
    assert message["X-Mail-Kind"] == "welcome"
    assert message["Auto-Submitted"] == "auto-generated"
    assert recipients(message) == ["ada@example.com"]


def test_both_bodies_greet_the_user() -> None:
    message = received(WELCOME)

    assert body(message, "plain").splitlines()[0] == "Hello Ada,"
    assert "Hello Ada," in body(message, "html")


def test_a_name_is_literal_in_the_text_and_escaped_in_the_html() -> None:
    name = '<a href="https://evil.example">{{7*7}}</a>'

    message = received(replace(WELCOME, variables={"name": name}))

    assert f"Hello {name}," in body(message, "plain")
    assert "&lt;a href=&#34;https://evil.example&#34;&gt;{{7*7}}&lt;/a&gt;" in body(message, "html")


def test_a_missing_variable_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        COMPOSER.compose(replace(WELCOME, variables={}))


@given(name=st.text(min_size=3))
def test_any_name_of_a_user_can_be_greeted(name: str) -> None:
    try:
        greeted = DisplayName.parse(name).value
    except InvalidDisplayName:
        return

    message = received(replace(WELCOME, variables={"name": greeted}))

    assert body(message, "plain").splitlines()[0] == f"Hello {greeted},"
    assert recipients(message) == ["ada@example.com"]


@given(
    local=st.text("ab1.!#$%&'*+/=?^_`{|}~-", max_size=64),
    domain=st.from_regex(r"(d{1,63}\.){1,3}e{2,6}", fullmatch=True),
)
def test_any_address_of_a_user_is_the_only_recipient(local: str, domain: str) -> None:
    try:
        address = EmailAddress.parse(f"{local}@{domain}")
    except InvalidEmailAddress:
        return

    message = received(replace(WELCOME, recipient=address))

    assert recipients(message) == [address.value]
