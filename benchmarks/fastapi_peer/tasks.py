"""The mails of the peer: `python -m dramatiq benchmarks.fastapi_peer.tasks:broker`."""

import os
from email.message import EmailMessage
from pathlib import Path

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from jinja2 import Environment

MAILS = Path(os.environ["PEER_MAILS"])
_templates = Environment(autoescape=True)
_TEXT = (
    "Hello {name},\n\nwelcome. Confirm your address here:\n\nhttps://example.com/verify-email?token={token}\n"
)
_HTML = _templates.from_string(
    "<!doctype html><html><body><h1>Welcome, {{ name }}</h1>"
    '<p><a href="https://example.com/verify-email?token={{ token }}">Confirm your address</a></p>'
    "</body></html>"
)

broker = RedisBroker(url=os.environ["REDIS_URL"])


@dramatiq.actor(broker=broker)
def send_welcome_email(user_id: str, email: str, name: str, token: str) -> None:
    message = EmailMessage()
    message["From"] = "hello@example.com"
    message["To"] = email
    message["Subject"] = "Welcome"
    message.set_content(_TEXT.format(name=name, token=token))
    message.add_alternative(_HTML.render(name=name, token=token), subtype="html")
    MAILS.mkdir(parents=True, exist_ok=True)
    (MAILS / f"{user_id}.eml").write_bytes(message.as_bytes())
