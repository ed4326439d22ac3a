"""An email's `Message-ID` and file name: valid and unique for every task id that the port accepts."""

import hashlib
import re
from base64 import b32encode

from internal.ports.email_sender import Email

# RFC 5322 section 3.2.3. Such ids go into the header unchanged, so a retry keeps its Message-ID.
_DOT_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_LONGEST_LINE = 998  # RFC 5322 section 2.1.1

# No capitals: some file systems ignore case.
_PLAIN_FILE_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,99}")


def message_id(email: Email, *, domain: str) -> str:
    plain = f"<{email.message_id}.{email.kind}@{domain}>"
    if _DOT_ATOM.fullmatch(email.message_id) and len(f"Message-ID: {plain}") <= _LONGEST_LINE:
        return plain
    # The kind comes first here, so no plain id can collide with this one.
    return f"<{email.kind}.{_digest(email.message_id)}@{domain}>"


def file_name(email: Email) -> str:
    if _PLAIN_FILE_NAME.fullmatch(email.message_id):
        return f"{email.kind}-{email.message_id}.eml"
    return f"{email.kind}.{_digest(email.message_id)}.eml"


def _digest(task_id: str) -> str:
    digest = hashlib.blake2b(task_id.encode(errors="surrogatepass"), digest_size=20).digest()
    return b32encode(digest).decode().lower()
