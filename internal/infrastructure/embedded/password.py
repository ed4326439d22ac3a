import os
import secrets
from pathlib import Path
from tempfile import mkstemp


def kept_password(file: Path, *, length: int = 32) -> str:
    """The random password in `file`, which is created once, for this user only.

    The file is written atomically, because the data is useless without the password.
    """
    if not file.exists():
        descriptor, unfinished = mkstemp(prefix="password-", dir=file.parent)  # mode 0600
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(length)[:length])
            stream.flush()
            os.fsync(descriptor)
        Path(unfinished).replace(file)
    return file.read_text()
