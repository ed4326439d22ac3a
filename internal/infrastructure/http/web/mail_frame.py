"""The HTML of an email as a document for a frame. No script of it runs, and it loads nothing."""

import re

from litestar import Response

# The page has a stricter policy. Emails need inline styles.
_HEADERS = {
    "Content-Security-Policy": "sandbox allow-top-navigation-by-user-activation; default-src 'none';"
    " style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
}
_BLANK = re.compile(r"""\starget=["']?_blank["']?""", re.IGNORECASE)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_BASE = '<base target="_top">'


def mail_frame(html: str) -> Response[str]:
    """Links lead the whole window to their page: a frame without scripts cannot log in."""
    without_targets = _BLANK.sub("", html)
    head = _HEAD.search(without_targets)
    place = head.end() if head else 0
    document = without_targets[:place] + _BASE + without_targets[place:]
    return Response(document, media_type="text/html", headers=_HEADERS)
