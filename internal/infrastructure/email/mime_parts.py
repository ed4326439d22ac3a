"""Headers and bodies of an email, as lines that end with CRLF.

Most are ASCII and fit their lines, so they are written as they are. The standard library folds and encodes
the others. It parses what it writes, which takes ten times as long.
"""

import re
from email.message import MIMEPart
from email.policy import SMTP

LONGEST_LINE = 998  # RFC 5322 section 2.1.1; bytes

_PREFERRED_LINE = 78  # RFC 5322 section 2.1.1; characters
_PLAIN_WORDS = re.compile(r"[!-~]+(?: [!-~]+)*")
_LINE_BREAK = re.compile(r"[\r\n]")
_POLICY = SMTP.clone(cte_type="7bit")  # every server accepts it


def header(name: str, value: object) -> bytes:
    """Raises ValueError if the value has a line break, which could begin another header."""
    line = f"{name}: {value}"
    # A value without a space cannot be folded.
    limit = _PREFERRED_LINE if " " in str(value) else LONGEST_LINE
    # Two characters begin an encoded word, which readers would decode.
    if len(line) <= limit and _PLAIN_WORDS.fullmatch(line) and "=?" not in line:
        return line.encode() + b"\r\n"
    if _LINE_BREAK.search(line):
        raise ValueError(f"the header {name} has a line break")
    folded: str = _POLICY.header_store_parse(name, value)[1].fold(policy=_POLICY)
    return folded.encode()


def text_part(text: str, *, subtype: str) -> bytes:
    """Return a body with its headers."""
    lines = text.encode().splitlines()
    if not text.isascii() or max(map(len, lines), default=0) > LONGEST_LINE:
        part = MIMEPart(policy=_POLICY)
        part.set_content(text, subtype=subtype)
        return part.as_bytes()
    # People read the files of development emails, and quoted-printable would split the links.
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: 7bit\r\n'
    return b"\r\n".join([head.encode(), *lines, b""])
