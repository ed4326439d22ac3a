"""From a request to the mail and back: the links in real mails work."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.polling import eventually
from tests.support.system import NO_CERTIFICATES, PASSWORD, System

pytestmark = pytest.mark.long

ADDRESS, NEW_ADDRESS = "ada@example.com", "ada.king@example.com"
NEW_PASSWORD = "battery staple"


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    return tmp_path / "mails"


@pytest.fixture
def system(database_url: str, redis_url: str, mails: Path, tmp_path: Path) -> Iterator[System]:
    system = System(
        database_url=database_url, redis_url=redis_url, mail_url=mails.as_uri(), logs=tmp_path / "logs"
    )
    try:
        system.start_server()
        system.start_worker()
        yield system
    finally:
        system.stop()


def post(system: System, path: str, body: dict[str, str], *, token: str | None = None) -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{system.port}/api/v1{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=10,
        verify=NO_CERTIFICATES,
    )


def log_in(system: System, email: str, password: str) -> httpx.Response:
    return post(system, "/auth/login", {"email": email, "password": password})


def sent(mails: Path, kind: str) -> list[EmailMessage]:
    parsed: list[Any] = [
        message_from_bytes(file.read_bytes(), policy=policy.default) for file in mails.glob("*.eml")
    ]
    return [message for message in parsed if message["X-Mail-Kind"] == kind]


def only(mails: Path, kind: str, *, to: str) -> EmailMessage:
    """The mail of this kind, as soon as it is there."""
    eventually(lambda: len(sent(mails, kind)) == 1, within=20)
    [message] = sent(mails, kind)
    assert message["To"] == to
    return message


def token_in(message: EmailMessage) -> str:
    """The token of the link, which is the same in the text and in the HTML."""
    bodies = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    tokens = {token for body in bodies for token in re.findall(r"[?&]token=([\w-]+)", body)}
    [token] = tokens
    return str(token)


def test_a_forgotten_password_is_replaced(system: System, mails: Path) -> None:
    session = system.sign_up(ADDRESS).json()["data"]["token"]

    for email in (ADDRESS, "nobody@example.com"):
        assert post(system, "/auth/forgot-password", {"email": email}).status_code == 202
    reset = {"token": token_in(only(mails, "password-reset", to=ADDRESS)), "password": NEW_PASSWORD}
    assert post(system, "/auth/reset-password", reset).status_code == 200

    only(mails, "password-changed", to=ADDRESS)
    assert log_in(system, ADDRESS, PASSWORD).status_code == 401
    assert log_in(system, ADDRESS, NEW_PASSWORD).status_code == 200
    own = httpx.get(
        f"http://127.0.0.1:{system.port}/api/v1/users/me",
        headers={"Authorization": f"Bearer {session}"},
        verify=NO_CERTIFICATES,
    )
    assert own.status_code == 401
    assert post(system, "/auth/reset-password", reset).status_code == 400


def test_an_address_is_verified_and_replaced(system: System, mails: Path) -> None:
    session = system.sign_up(ADDRESS).json()["data"]["token"]
    welcome = token_in(only(mails, "welcome", to=ADDRESS))

    assert post(system, "/auth/resend-verification", {"email": ADDRESS}).status_code == 202
    again = token_in(only(mails, "verification", to=ADDRESS))
    for token in (welcome, again):
        assert post(system, "/auth/verify-email", {"token": token}).status_code == 200

    change = {"email": NEW_ADDRESS, "password": PASSWORD}
    assert post(system, "/users/me/email", change, token=session).status_code == 202
    confirm = {"token": token_in(only(mails, "email-change", to=NEW_ADDRESS))}
    assert post(system, "/auth/confirm-email", confirm).status_code == 200
    only(mails, "email-changed", to=ADDRESS)
    assert log_in(system, NEW_ADDRESS, PASSWORD).status_code == 200
    assert log_in(system, ADDRESS, PASSWORD).status_code == 401
    secrets = (welcome, again, confirm["token"], ADDRESS, NEW_ADDRESS, PASSWORD)
    logs = system.log("cmd.server") + system.log("cmd.worker")
    assert [secret for secret in secrets if secret in logs] == []
