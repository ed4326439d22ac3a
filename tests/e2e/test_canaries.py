"""With TASK_PAYLOAD_KEYS, Redis, its append-only file and the outbox keep no personal data and no secrets."""

import re
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx
import psycopg
import pytest

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.support.payload_keys import setting
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.redis_contents import contents
from tests.support.smtp_server import SmtpServer
from tests.support.system import NO_CERTIFICATES, PASSWORD, System

ADDRESS, NAME = "canary-address@example.com", "Lovelace"
OTHER_ADDRESS, OTHER_PASSWORD = "canary-other@example.com", "canary battery staple"
# Links in emails have it.
TOKEN = re.compile(r"token=([\w-]+)")


@pytest.fixture
def redis_directory(system: System, tmp_path: Path) -> Iterator[Path]:
    """The directory of a Redis that writes an append-only file."""
    server = EmbeddedRedis(tmp_path / "redis", password=token_hex())
    system.env["REDIS_URL"] = server.start()
    yield tmp_path / "redis"
    server.stop()


def kept(system: System, directory: Path) -> str:
    """Everything that the outbox, Redis and its append-only file keep."""
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT to_jsonb(outbox)::text FROM outbox").fetchall()
    files = [file.read_bytes().decode(errors="replace") for file in directory.rglob("*.aof")]
    assert any(SendWelcomeEmail.task_name in text for text in files)
    return "\n".join([contents(system.env["REDIS_URL"]), *(text for (text,) in rows), *files])


def after_a_sign_up(system: System, directory: Path, *, ends: list[str]) -> str:
    system.start_server()
    system.start_worker()
    assert system.sign_up(ADDRESS).status_code == 201
    eventually(lambda: [task.state for task in queued(system.env["REDIS_URL"])] == ends, within=20)
    return kept(system, directory)


@pytest.mark.parametrize(
    ("reply", "ends"),
    [("250 OK", []), (f"450 {ADDRESS} later", ["retry"]), (f"550 {ADDRESS} unknown", ["archived"])],
    ids=["sent", "refused for now", "refused"],
)
def test_a_sign_up_leaves_no_address_and_no_name(
    system: System, redis_directory: Path, smtp_server: SmtpServer, reply: str, ends: list[str]
) -> None:
    system.env["TASK_PAYLOAD_KEYS"] = setting("new")
    smtp_server.rcpt_reply = reply

    everything = after_a_sign_up(system, redis_directory, ends=ends)

    for canary in (ADDRESS, NAME, setting("new").partition(":")[2]):
        assert canary not in everything


@pytest.mark.usefixtures("smtp_server")
def test_a_sign_up_leaves_neither_without_keys(system: System, redis_directory: Path) -> None:
    everything = after_a_sign_up(system, redis_directory, ends=[])

    assert ADDRESS not in everything
    assert NAME not in everything


@pytest.mark.usefixtures("smtp_server")
def test_without_keys_the_same_search_finds_an_address_that_a_payload_has(
    system: System, redis_directory: Path
) -> None:
    after_a_sign_up(system, redis_directory, ends=[])

    again = httpx.post(
        f"http://127.0.0.1:{system.port}/api/v1/auth/resend-verification",
        json={"email": ADDRESS},
        timeout=10,
        verify=NO_CERTIFICATES,
    )

    assert again.status_code == 202
    assert ADDRESS in kept(system, redis_directory)


def tokens_of_mails(smtp_server: SmtpServer) -> set[str]:
    bodies = [part.get_content() for mail in smtp_server.messages() for part in mail.iter_parts()]
    return {token for body in bodies for token in TOKEN.findall(body)}


def test_the_life_of_an_account_leaves_no_address_name_password_or_token(
    system: System, redis_directory: Path, smtp_server: SmtpServer
) -> None:
    system.env["TASK_PAYLOAD_KEYS"] = setting("new")
    system.start_server()
    system.start_worker()

    def post(path: str, token: str = "", **body: str) -> Any:
        answer = httpx.post(
            f"http://127.0.0.1:{system.port}/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=10,
            verify=NO_CERTIFICATES,
        )
        return answer.json()

    system.sign_up(ADDRESS)
    assert post("/auth/login", email=ADDRESS, password=OTHER_PASSWORD)["status"] == 401
    session = post("/auth/login", email=ADDRESS, password=PASSWORD)["data"]
    refreshed = post("/auth/refresh", refresh_token=session["refresh_token"])["data"]
    post("/auth/resend-verification", email=ADDRESS)
    post("/auth/forgot-password", email=ADDRESS)
    post("/auth/forgot-password", email=OTHER_ADDRESS)
    post("/users/me/email", refreshed["token"], email=OTHER_ADDRESS, password=PASSWORD)
    # A change of the password withdraws links that are not sent yet.
    eventually(lambda: len(smtp_server.messages()) == 4, within=20)
    post("/users/me/password", refreshed["token"], current_password=PASSWORD, new_password=OTHER_PASSWORD)
    eventually(lambda: len(smtp_server.messages()) == 5, within=20)
    eventually(lambda: queued(system.env["REDIS_URL"]) == [], within=20)

    everything = kept(system, redis_directory).casefold()

    links = tokens_of_mails(smtp_server)
    assert len(links) >= 3
    tokens = {each[name] for each in (session, refreshed) for name in ("token", "refresh_token")} | links
    for canary in (ADDRESS, OTHER_ADDRESS, NAME, PASSWORD, OTHER_PASSWORD, *tokens):
        assert canary.casefold() not in everything
