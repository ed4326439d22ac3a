from pathlib import Path
from urllib.parse import unquote, urlsplit


def mail_directory(mail_url: str) -> Path | None:
    """The directory of a `file://` URL. None if mail goes to a server."""
    target = urlsplit(mail_url)
    return Path(unquote(target.path)) if target.scheme == "file" else None
