import os
import secrets
from pathlib import Path
from tempfile import mkstemp


def kept_password(directory: Path) -> str:
    """The password of the embedded services, created once and stored with their data for this user only.

    The file is written atomically, because the data is useless without the password.
    """
    file = directory / "password"
    if not file.exists():
        descriptor, unfinished = mkstemp(prefix="password-", dir=directory)  # mode 0600
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(24))
            stream.flush()
            os.fsync(descriptor)
        Path(unfinished).replace(file)
    return file.read_text()
