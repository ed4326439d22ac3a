"""The outbox's promise where more than one thing goes wrong; tests/e2e/test_welcome_mail.py has the rest."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.e2e.conftest import System
from tests.e2e.test_welcome_mail import assert_nothing_left, assert_one_mail_each
from tests.faults.rounds import IS_LONG, long_round
from tests.full_redis import full
from tests.queued import queued
from tests.smtp import SmtpServer

ROUNDS = 5 if IS_LONG else 1
# Forwarded 30 s ago, absent twice 5 s apart: then it is lost, and forwarded again.
NOTICED_WITHIN = 60  # seconds


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


def test_sign_ups_succeed_while_redis_is_full_and_are_mailed_when_it_is_not(
    system: System, smtp_server: SmtpServer, redis_server: EmbeddedRedis
) -> None:
    system.start_server()
    system.start_worker()

    with full(redis_server.url):
        emails = sign_up_many(system, "full")
    mailed_meanwhile = len(smtp_server.received)

    assert mailed_meanwhile == 0
    assert_one_mail_each(smtp_server, emails, within=20)
    assert_nothing_left(system)


@long_round
def test_what_a_flushed_redis_has_lost_is_noticed_and_mailed(
    system: System, smtp_server: SmtpServer, redis_server: EmbeddedRedis
) -> None:
    system.start_server()
    emails = sign_up_many(system, "flushed")
    time.sleep(1)  # until the rows say that they were forwarded
    assert len(queued(redis_server.url)) == len(emails)
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    flushed = time.monotonic()

    system.start_worker()

    assert_one_mail_each(smtp_server, emails, within=NOTICED_WITHIN)
    print(f"mailed {time.monotonic() - flushed - 1:.0f} s after Redis was flushed")  # noqa: T201 - the measured figure
    assert_nothing_left(system)
