"""Render every email with sample values into var/mail-preview/, with a page that shows them all.

The page opens in a browser if there is a screen.
"""

import os
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from jinja2 import Environment

from internal.domain.email_address import EmailAddress
from internal.infrastructure.clock import SystemClock
from internal.infrastructure.email.mime import MimeComposer
from internal.ports.email_sender import Email

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "var/mail-preview"

_ADA = {"name": "Ada Lovelace"}
_LINK = {**_ADA, "token": "dGhlIHRva2VuIG9mIGFuIGVtYWlsIGlzIHRoaXMgbG9uZw", "valid_for": "24 hours"}
_NOTICE = {**_ADA, "changed_at": "1 January 2030 at 12:00 UTC"}

# The variables of every kind of email.
SAMPLES: Mapping[str, Mapping[str, str]] = {
    "welcome": _LINK,
    "verification": _LINK,
    "password-reset": {**_LINK, "valid_for": "1 hour"},
    "password-changed": _NOTICE,
    "email-change": _LINK,
    "email-changed": _NOTICE,
}

_INDEX = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>Emails</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; }
  section { display: flex; gap: 1rem; align-items: start; flex-wrap: wrap; margin-bottom: 3rem; }
  h2 { flex-basis: 100%; margin: 0; }
  iframe, pre { border: 1px solid #888; border-radius: 8px; }
  iframe { height: 760px; }
  pre { font-size: 14px; margin: 0; padding: 1rem; width: 72ch; white-space: pre-wrap; }
</style>
<h1>Emails</h1>
<p>Each one at 640 and at 390 pixels, and as text. Your system chooses light or dark.</p>
{% for kind, mail in mails.items() %}
<section>
  <h2>{{ kind }}: {{ mail["Subject"] }}</h2>
  <iframe src="{{ kind }}.html" width="640" title="{{ kind }}, wide"></iframe>
  <iframe src="{{ kind }}.html" width="390" title="{{ kind }}, narrow"></iframe>
  <pre>{{ body(mail, "plain") }}</pre>
</section>
{% endfor %}
</html>
"""


def messages() -> Iterator[tuple[str, EmailMessage]]:
    composer = MimeComposer(
        mail_from="PyHexaClean <no-reply@users.example>",
        app_name="PyHexaClean",
        app_base_url="https://users.example",
        clock=SystemClock(),
    )
    recipient = EmailAddress.parse("ada@example.com")
    for kind, variables in SAMPLES.items():
        email = Email(kind=kind, recipient=recipient, variables=variables, message_id="sample")
        content = composer.compose(email).content
        yield kind, message_from_bytes(content, EmailMessage, policy=policy.default)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


def write(folder: Path) -> Path:
    """Write the emails and return the page that shows them."""
    folder.mkdir(parents=True, exist_ok=True)
    mails = dict(messages())
    for kind, message in mails.items():
        (folder / f"{kind}.html").write_text(body(message, "html"))
        (folder / f"{kind}.txt").write_text(body(message, "plain"))
    page = folder / "index.html"
    page.write_text(Environment(autoescape=True).from_string(_INDEX).render(mails=mails, body=body))
    return page


def _has_screen() -> bool:
    return sys.platform in {"darwin", "win32"} or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())


def main() -> None:
    page = write(FOLDER)
    print(page)
    if _has_screen():
        webbrowser.open(page.as_uri())


if __name__ == "__main__":
    main()
