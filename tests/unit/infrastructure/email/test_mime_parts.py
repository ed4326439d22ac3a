import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.email.mime_parts import LONGEST_LINE, header, text_part

# Neither end of a line, nor half of a character.
one_line = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=300)
words = st.text('aB1 =?_<>,:;"\u00e9\u0915\U0001f525', min_size=1, max_size=300)
bodies = st.text("a<\u00e9.\r\n\t \x0b\x0c\x1c\u2028", max_size=300) | st.text(
    "ab\n", min_size=900, max_size=1100
)


def parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, EmailMessage, policy=policy.default)


def by_the_standard_library(text: str) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    message["Subject"] = text
    return parsed(message.as_bytes())


def require_mail_lines(content: bytes) -> None:
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", content)
    assert max(map(len, content.split(b"\r\n"))) <= LONGEST_LINE


@given(text=one_line | words)
def test_a_reader_sees_the_header_that_the_standard_library_would_write(text: str) -> None:
    content = header("Subject", text)

    require_mail_lines(content)
    assert parsed(content + b"\r\n")["Subject"] == by_the_standard_library(text)["Subject"]


@pytest.mark.parametrize(
    "value", ["Welcome to Users", "Users <no-reply@users.example>", "a " * 34 + "a", "a" * 989]
)
def test_a_plain_header_is_written_as_it_is(value: str) -> None:
    assert header("Subject", value) == f"Subject: {value}\r\n".encode()


@pytest.mark.parametrize("value", ["\u00e9", "a " * 35 + "a", "a" * 990, "=?utf-8?q?a?="])
def test_other_headers_are_encoded_or_folded(value: str) -> None:
    assert header("Subject", value) != f"Subject: {value}\r\n".encode()


@pytest.mark.parametrize("line_break", ["\r", "\n", "\r\n", "\r\n ", "\x0b", "\x85", "\u2028"])
@pytest.mark.parametrize("after", ["Bcc: eve@example.com", "\u00e9", ""])
def test_a_header_cannot_begin_another(line_break: str, after: str) -> None:
    try:
        content = header("Subject", f"a{line_break}{after}")
    except ValueError:
        return

    require_mail_lines(content)
    assert parsed(content + b"\r\n").keys() == ["Subject"]
    assert not set("\r\n") & set(line_break)


@pytest.mark.parametrize("subtype", ["plain", "html"])
@given(text=bodies | st.text(st.characters(exclude_categories=["Cs"])))
def test_a_reader_gets_the_text_whatever_it_has(subtype: str, text: str) -> None:
    content = text_part(text, subtype=subtype)

    require_mail_lines(content)
    part = parsed(content)
    assert part.get_content_type() == f"text/{subtype}"
    assert not part.defects
    assert lines_of(str(part.get_content())) == lines_of(text)


def lines_of(text: str) -> list[bytes]:
    return text.encode().splitlines()


def test_a_text_with_long_lines_is_still_readable_in_its_file() -> None:
    link = f"https://users.example/{'a' * 900}"

    assert link.encode() in text_part(f"Hello,\n{link}\n", subtype="plain")


@pytest.mark.parametrize("text", ["\u00e9", "a" * 999])
def test_other_texts_are_encoded(text: str) -> None:
    assert text.encode() not in text_part(text, subtype="plain")
