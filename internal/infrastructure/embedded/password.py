import os
import secrets
from pathlib import Path
from tempfile import mkstemp


def kept_password(directory: Path) -> str:
    """The embedded services' password: made once, kept with their data, readable by this user alone.

    It is there as a whole or not at all: the data is useless without it.
    """
    file = directory / "password"
    if not file.exists():
        descriptor, unfinished = mkstemp(prefix="password-", dir=directory)  # of mode 0600
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(24))
            stream.flush()
            os.fsync(descriptor)
        Path(unfinished).replace(file)
    return file.read_text()
