"""The outbox's promise where more than one thing goes wrong at once."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.e2e.test_welcome_mail import assert_nothing_left, assert_one_mail_each
from tests.support.faults.rounds import long_round
from tests.support.smtp_server import SmtpServer
from tests.support.system import System

ROUNDS = 5


@pytest.fixture
def system(
    database_url: str, redis_server: EmbeddedRedis, smtp_server: SmtpServer, tmp_path: Path
) -> Iterator[System]:
    mail_url = f"smtp://127.0.0.1:{smtp_server.port}"
    system = System(database_url=database_url, redis_url=redis_server.url, mail_url=mail_url, logs=tmp_path)
    try:
        yield system
    finally:
        system.stop()


def sign_up_many(system: System, name: str) -> list[str]:
    emails = [f"{name}-{number}@example.com" for number in range(5)]
    assert [system.sign_up(email).status_code for email in emails] == [201] * len(emails)
    return emails


@long_round
@pytest.mark.timeout(300)
def test_one_mail_each_although_redis_and_the_worker_are_killed_while_people_sign_up(
    system: System, smtp_server: SmtpServer, redis_server: EmbeddedRedis
) -> None:
    system.start_server()
    worker = system.start_worker(WORKER_LEASE="1")
    emails = []
    for number in range(ROUNDS):
        emails += sign_up_many(system, f"before-{number}")
        os.kill(redis_server.pid, signal.SIGKILL)
        emails += sign_up_many(system, f"without-redis-{number}")
        time.sleep(1)  # what was being sent is sent, and cannot be settled
        worker.kill()
        worker.wait()
        emails += sign_up_many(system, f"without-both-{number}")
        redis_server.stop()
        redis_server.start()
        emails += sign_up_many(system, f"without-worker-{number}")
        worker = system.start_worker(WORKER_LEASE="1")

    assert_one_mail_each(smtp_server, emails, within=40)
    assert_nothing_left(system)
