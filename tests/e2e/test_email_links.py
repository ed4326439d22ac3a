"""The links of emails: every attempt mails the same one, and it works once."""

import re
import signal
from datetime import UTC, datetime, timedelta

import httpx
import psycopg

from internal.domain.account_token import digest_of
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.smtp_server import SmtpServer
from tests.support.system import System

TOKEN = re.compile(r"\?token=([\w-]{43})\b")
OLD, NEW = "ada@example.com", "ada@new.example.com"
OTHER_PASSWORD = "another horse entirely"


def tokens_in(smtp_server: SmtpServer) -> list[str]:
    """The token of each mail that was handed over, accepted or not."""
    texts = [message.get_body(("plain",)) for message in smtp_server.handed_over_messages()]
    return [TOKEN.findall(text.get_content())[0] for text in texts if text is not None]


def select(system: System, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        return connection.execute(query.encode()).fetchall()


def lapse_claims(system: System) -> None:
    """Claims lapse 25 s after an attempt; do not wait for it."""
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        connection.execute("UPDATE outbox SET claimed_until = now()")


def post(system: System, path: str, body: dict[str, str], **headers: str) -> httpx.Response:
    url = f"http://127.0.0.1:{system.port}/api/v1{path}"
    return httpx.post(url, json=body, headers=headers, timeout=10)


def verify(system: System, token: str) -> int:
    return post(system, "/auth/verify-email", {"token": token}).status_code


class Mailbox:
    """Expects mails one after the other."""

    def __init__(self, smtp_server: SmtpServer) -> None:
        self._smtp_server = smtp_server
        self._read = 0

    def next(self, kind: str, *, to: str) -> str:
        """Wait for the next mail and return its token, if it has one."""
        eventually(lambda: len(self._smtp_server.messages()) > self._read, within=15)
        mail = self._smtp_server.messages()[self._read]
        self._read += 1
        assert (mail["X-Mail-Kind"], mail["To"]) == (kind, to)
        return "".join(TOKEN.findall(mail.get_body(("plain",)).get_content()))  # type: ignore[union-attr]  # every mail has a text

    def all_read(self) -> bool:
        return len(self._smtp_server.messages()) == self._read


def test_the_emails_lead_a_user_through_the_life_of_an_account(
    system: System, smtp_server: SmtpServer
) -> None:
    system.start_server()
    system.start_worker()
    mails = Mailbox(smtp_server)

    assert system.sign_up(OLD).status_code == 201
    mails.next("welcome", to=OLD)
    assert post(system, "/auth/resend-verification", {"email": OLD}).status_code == 202
    assert verify(system, mails.next("verification", to=OLD)) == 200

    assert post(system, "/auth/forgot-password", {"email": OLD}).status_code == 202
    reset = {"token": mails.next("password-reset", to=OLD), "password": OTHER_PASSWORD}
    assert post(system, "/auth/reset-password", reset).status_code == 200
    assert mails.next("password-changed", to=OLD) == ""

    logged_in = post(system, "/auth/login", {"email": OLD, "password": OTHER_PASSWORD})
    change = {"email": NEW, "password": OTHER_PASSWORD}
    token = logged_in.json()["data"]["token"]
    asked = post(system, "/users/me/email", change, Authorization=f"Bearer {token}")
    assert asked.status_code == 202
    assert post(system, "/auth/confirm-email", {"token": mails.next("email-change", to=NEW)}).is_success
    assert mails.next("email-changed", to=OLD) == ""
    assert post(system, "/auth/login", {"email": NEW, "password": OTHER_PASSWORD}).is_success

    # Verified already, and nobody's address any more.
    assert post(system, "/auth/resend-verification", {"email": NEW}).status_code == 202
    assert post(system, "/auth/forgot-password", {"email": OLD}).status_code == 202
    eventually(lambda: select(system, "SELECT id FROM outbox WHERE succeeded IS NOT TRUE") == [], within=10)
    assert mails.all_read()


def test_a_task_that_is_killed_and_repeated_mails_the_same_link(
    system: System, smtp_server: SmtpServer
) -> None:
    system.start_server()
    worker = system.start_worker(WORKER_LEASE="5")
    smtp_server.hangs_at = "."
    system.sign_up("ada@example.com")
    eventually(lambda: len(smtp_server.handed_over) == 1, within=10)
    [token] = tokens_in(smtp_server)
    assert token not in repr(queued(system.env["REDIS_URL"]))

    worker.send_signal(signal.SIGKILL)
    worker.wait()
    smtp_server.hangs_at = None
    lapse_claims(system)
    system.start_worker(WORKER_LEASE="5")

    eventually(lambda: len(smtp_server.messages()) == 1, within=40)
    assert tokens_in(smtp_server) == [token, token]
    assert select(system, "SELECT digest FROM account_tokens") == [(digest_of(token),)]
    assert token not in repr(select(system, "SELECT * FROM outbox"))
    assert token not in system.log("cmd.worker") + system.log("cmd.server")
    assert [verify(system, token) for _ in range(2)] == [200, 400]


def test_a_reset_is_not_sent_after_its_deadline(system: System, smtp_server: SmtpServer) -> None:
    system.start_server()
    system.sign_up("ada@example.com")
    soon = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    enqueue = ["task", "enqueue", "email:password-reset", "--deadline", soon, "--payload"]
    published = system.run("cmd.admin", *enqueue, '{"email": "ada@example.com"}')
    assert published.returncode == 0, published.stderr
    eventually(lambda: datetime.now(UTC).isoformat() > soon, within=6)

    system.start_worker()

    eventually(lambda: len(smtp_server.messages()) == 1, within=10)
    eventually(lambda: [task.state for task in queued(system.env["REDIS_URL"])] == ["archived"], within=10)
    assert [message["X-Mail-Kind"] for message in smtp_server.messages()] == ["welcome"]
    assert select(system, "SELECT purpose FROM account_tokens") == [("verify-email",)]
