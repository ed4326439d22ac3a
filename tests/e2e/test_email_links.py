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

TOKEN = re.compile(r"/verify-email\?token=([\w-]{43})\b")


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


def verify(system: System, token: str) -> int:
    url = f"http://127.0.0.1:{system.port}/api/v1/auth/verify-email"
    return httpx.post(url, json={"token": token}, timeout=10).status_code


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
