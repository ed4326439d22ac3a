import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from internal.domain.display_name import DisplayName, InvalidDisplayName
from internal.domain.email_address import EmailAddress, InvalidEmailAddress
from internal.infrastructure.email.mime import MimeComposer
from internal.ports.email_sender import Email
from tests.fakes.clock import FakeClock

# What RFC 5322 calls msg-id, without its obsolete forms: <dot-atom-text@dot-atom-text>.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
MESSAGE_ID = re.compile(rf"<{_ATOM}(\.{_ATOM})*@{_ATOM}(\.{_ATOM})*>")

AWKWARD_TASK_IDS = [
    "entry:2030-01-01T12:00:00+00:00",
    "entry:2030-01-01T13:00:00+00:00",
    "a b",
    "a(b)",
    "a/b",
    "a\\b",
    "a:b",
    "a.",
    ".a",
    "a..b",
    ".",
    "..",
    "../a",
    "<a>",
    "a@b",
    "a\r\nBcc: eve@example.com",
    "a\x00b",
    "\u00e9",
    "e\u0301",
    "=?utf-8?q?a?=",
    "a" * 10_000,
    "a" * 9_999 + "b",
]
task_ids = st.text(min_size=1, max_size=300).filter(str.strip) | st.sampled_from(AWKWARD_TASK_IDS)

COMPOSER = MimeComposer(
    mail_from="Users <no-reply@users.example>",
    app_name="Users",
    app_base_url="https://users.example",
    clock=FakeClock(),
)
WELCOME = Email(
    kind="welcome",
    recipient=EmailAddress.parse("ada@example.com"),
    variables={"name": "Ada", "token": "t-1", "valid_for": "24 hours"},
    message_id="task-1",
)


def received(email: Email, composer: MimeComposer = COMPOSER) -> EmailMessage:
    """The message as the mail software at the other end reads it."""
    sent = composer.compose(email).content
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", sent), "a line does not end with CRLF"
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

    message = received(replace(WELCOME, variables={**WELCOME.variables, "name": name}))

    assert f"Hello {name}," in body(message, "plain")
    assert "&lt;a href=&#34;https://evil.example&#34;&gt;{{7*7}}&lt;/a&gt;" in body(message, "html")


@pytest.mark.parametrize(
    "name", ["Jos\u00e9", "\u0915\u094d\u200d", "\U0001f469\u200d\U0001f52c", "&eacute;"]
)
def test_the_html_shows_every_name_and_needs_no_encoding(name: str) -> None:
    message = received(replace(WELCOME, variables={**WELCOME.variables, "name": name}))

    page = message.get_body(("html",))
    assert page is not None
    assert page["Content-Transfer-Encoding"] == "7bit"
    assert f"Hello {name}," in unescape(page.get_content())


def test_a_missing_variable_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        COMPOSER.compose(replace(WELCOME, variables={}))


@given(name=st.text() | st.text("\u0915\u094d\u200d\u0639\u200c\u2764\ufe0f\U0001f525 A", max_size=400))
def test_any_name_of_a_user_can_be_greeted(name: str) -> None:
    try:
        greeted = DisplayName.parse(name).value
    except InvalidDisplayName:
        return

    message = received(replace(WELCOME, variables={**WELCOME.variables, "name": greeted}))

    assert body(message, "plain").splitlines()[0] == f"Hello {greeted},"
    assert recipients(message) == ["ada@example.com"]


@given(name=st.text() | st.text("\u0915\u094d\u200d\u0639\u200c\u2764\ufe0f\U0001f525 A", max_size=400))
def test_any_name_of_a_user_fits_into_a_subject(name: str) -> None:
    try:
        named = DisplayName.parse(name).value
    except InvalidDisplayName:
        return
    composer = MimeComposer(
        mail_from="Users <no-reply@users.example>",
        app_name=named,
        app_base_url="https://users.example",
        clock=FakeClock(),
    )

    message = received(WELCOME, composer)

    # Where a header is folded, the standard library may lose a space between two encoded words.
    assert "".join(message["Subject"].split()) == "".join(f"Welcome to {named}".split())
    assert set(message.keys()) == set(received(WELCOME).keys())


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


@given(task_id=task_ids)
def test_every_task_id_gives_a_valid_message_id(task_id: str) -> None:
    sent = COMPOSER.compose(replace(WELCOME, message_id=task_id)).content
    lines = sent.split(b"\r\n")

    [line] = [line for line in lines if line.lower().startswith(b"message-id:")]
    message_id = line.decode("ascii").partition(": ")[2]
    assert MESSAGE_ID.fullmatch(message_id)
    assert len(line) <= 998
    parsed = message_from_bytes(sent, policy=policy.SMTP)
    assert parsed["Message-ID"] == message_id
    assert not parsed.defects
    assert not parsed["Message-ID"].defects
    assert recipients(received(replace(WELCOME, message_id=task_id))) == ["ada@example.com"]


@given(first=task_ids, second=task_ids)
def test_two_mails_share_a_message_id_only_if_their_tasks_share_an_id(first: str, second: str) -> None:
    ids = [received(replace(WELCOME, message_id=task_id))["Message-ID"] for task_id in (first, second)]

    assert (ids[0] == ids[1]) is (first == second)


def test_the_awkward_task_ids_give_as_many_message_ids() -> None:
    ids = {received(replace(WELCOME, message_id=task_id))["Message-ID"] for task_id in AWKWARD_TASK_IDS}

    assert len(ids) == len(AWKWARD_TASK_IDS)


@pytest.mark.parametrize(
    ("task_id", "message_id"),
    [
        (
            "0193a7e2-7c00-7000-8000-000000000000",
            "<0193a7e2-7c00-7000-8000-000000000000.welcome@users.example>",
        ),
        ("order/4711+a.b", "<order/4711+a.b.welcome@users.example>"),
        ("a" * 300, f"<{'a' * 300}.welcome@users.example>"),
        ("entry:1", "<welcome.mvevslgl25w2hmntrbjnnuskg7kk6fve@users.example>"),
    ],
)
def test_a_task_id_has_the_same_message_id_in_every_release(task_id: str, message_id: str) -> None:
    assert received(replace(WELCOME, message_id=task_id))["Message-ID"].strip() == message_id
