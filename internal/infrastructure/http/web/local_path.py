from urllib.parse import urlsplit


def local_path(text: str, *, home: str) -> str:
    """The text if it is a path of this site, or else the home page: a log-in must not lead elsewhere."""
    # Browsers read a backslash as a slash and drop control codes: /\example.com leads to another host.
    is_plain = text.isascii() and text.isprintable() and "\\" not in text and " " not in text
    if not is_plain or not text.startswith("/") or text.startswith("//"):
        return home
    parts = urlsplit(text)
    return home if parts.scheme or parts.netloc else text
