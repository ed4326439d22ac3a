import pytest
from hypothesis import given
from hypothesis import strategies as st

from internal.infrastructure.email.stored_mail import read_headers, read_mail

NESTED = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(1100))
BROKEN = {
    "empty": b"",
    "without headers": b"just text",
    "only NULs": b"\0" * 1000,
    "not text": bytes(range(256)),
    "an unknown character set": b'Content-Type: text/plain; charset="none"\n\n\xff\xfe',
    "a wrong character set": b'Content-Type: text/html; charset="ascii"\n\n\xff\xfe',
    "bytes in a header": b"Subject: \xff\xfe\xed\xa0\x80\nTo: \xff\n\ntext",
    "a malformed address": b'To: <<<@@\nFrom: "\nSubject: =?utf-8?b?=?=\n\ntext',
    "a malformed encoding": b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n%%%",
    "an open multipart": b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/html\n\n<b>",
    "a multipart without a boundary": b"Content-Type: multipart/alternative\n\n--a\n",
    "a malformed content type": b"Content-Type: ;;; =\nContent-Disposition: ; filename*=x''%\n\ntext",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_reads_a_broken_mail(content: bytes) -> None:
    for mail in (read_mail(content), read_headers(content)):
        f"{mail.subject}{mail.recipient}{mail.headers}{mail.text}{mail.html}".encode()


@pytest.mark.long
def test_reads_a_mail_that_is_nested_too_deeply() -> None:
    mail = read_mail(NESTED)

    assert (mail.headers, mail.text) == ((), NESTED.decode())


@given(st.binary(max_size=400))
def test_reads_any_bytes(content: bytes) -> None:
    for prefix in (b"", b"Subject: ", b"To: ", b"Date: ", b"Content-Type: ", b"Content-Disposition: "):
        mail = read_mail(prefix + content)

        f"{mail.subject}{mail.headers}{mail.text}{mail.html}".encode()


@given(st.text(alphabet='<>@",;:()[]\\=?*%. \tabu8', max_size=60))
def test_reads_any_header(value: str) -> None:
    for name in ("To", "Subject", "Date", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"):
        mail = read_mail(f"{name}: {value}\n\ntext".encode())

        assert mail.html is None or isinstance(mail.html, str)
