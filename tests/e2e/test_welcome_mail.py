"""The main job: who signs up gets one welcome mail, whatever is killed or stopped in between."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import psycopg
import pytest

from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.e2e.conftest import System
from tests.eventually import eventually
from tests.smtp import SmtpServer

SIGN_UPS = 20
# What a killed worker had taken.
DELIVERED_AGAIN_WITHIN = 80  # seconds
EMAILS = [f"user{number}@example.com" for number in range(SIGN_UPS)]


def assert_one_mail_each(smtp_server: SmtpServer, emails: list[str], *, within: float) -> None:
    """Wait for the mails, and a little longer for one too many."""
    eventually(lambda: len(smtp_server.messages()) >= len(emails), within=within)
    time.sleep(1)
    messages = smtp_server.messages()
    assert sorted(message["To"] for message in messages) == sorted(emails)
    assert {message["X-Mail-Kind"] for message in messages} == {"welcome"}
    assert len({message["Message-ID"] for message in messages}) == len(emails)


def assert_nothing_left(system: System) -> None:
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        [left] = connection.execute("SELECT count(*) FROM outbox WHERE completed_at IS NULL").fetchone() or [
            None
        ]
    assert left == 0


def claim_lapses_in(system: System) -> float:
    """The seconds for which the one claim that there is keeps the other workers from sending."""
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        claimed = "SELECT extract(epoch FROM claimed_until - now())::float FROM outbox"
        [seconds] = connection.execute(claimed).fetchone() or [None]
    assert isinstance(seconds, float)
    assert seconds > 0
    return seconds


def test_sends_exactly_one_mail_for_each_sign_up(system: System, smtp_server: SmtpServer) -> None:
    system.start_server()
    system.start_worker()

    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(system.sign_up, EMAILS))

    assert {response.status_code for response in responses} == {201}
    assert_one_mail_each(smtp_server, EMAILS, within=10)
    assert_nothing_left(system)


def test_the_mail_has_a_text_and_an_html_body_that_greet_by_name(
    system: System, smtp_server: SmtpServer
) -> None:
    system.start_server()
    system.start_worker()

    system.sign_up("ada@example.com")

    eventually(lambda: len(smtp_server.messages()) == 1, within=10)
    [message] = smtp_server.messages()
    bodies = {part.get_content_type(): part.get_content() for part in message.iter_parts()}
    assert bodies.keys() == {"text/plain", "text/html"}
    assert all("Ada Lovelace" in body for body in bodies.values())


def test_mail_waits_for_a_worker_that_is_started_later(system: System, smtp_server: SmtpServer) -> None:
    system.start_server()
    for email in EMAILS:
        system.sign_up(email)
    assert smtp_server.messages() == []

    system.start_worker()

    assert_one_mail_each(smtp_server, EMAILS, within=20)
    assert_nothing_left(system)


def test_mail_survives_an_idle_worker_that_is_killed(system: System, smtp_server: SmtpServer) -> None:
    system.start_server()
    system.start_worker().kill()
    for email in EMAILS:
        system.sign_up(email)

    system.start_worker()

    assert_one_mail_each(smtp_server, EMAILS, within=20)
    assert_nothing_left(system)


def test_mail_survives_a_worker_that_is_killed_while_it_is_sending(
    system: System, smtp_server: SmtpServer
) -> None:
    system.start_server()
    worker = system.start_worker()
    smtp_server.hangs_at = "."
    system.sign_up("ada@example.com")
    eventually(lambda: len(smtp_server.handed_over) == 1, within=10)
    assert not smtp_server.received

    worker.kill()
    worker.wait()
    lapsed_at = time.monotonic() + claim_lapses_in(system)
    smtp_server.hangs_at = None
    system.start_worker()

    eventually(lambda: len(smtp_server.handed_over) == 2, within=DELIVERED_AGAIN_WITHIN)
    assert time.monotonic() > lapsed_at
    assert_one_mail_each(smtp_server, ["ada@example.com"], within=10)
    first, second = smtp_server.handed_over_messages()
    assert first["Message-ID"] == second["Message-ID"]
    assert_nothing_left(system)


def test_mail_survives_a_redis_that_is_stopped_during_the_sign_up(
    system: System, smtp_server: SmtpServer, own_redis: EmbeddedRedis
) -> None:
    system.env["REDIS_URL"] = own_redis.url
    system.start_server()
    system.start_worker()
    usual = median(_seconds(system, f"usual{number}@example.com") for number in range(5))
    eventually(lambda: len(smtp_server.messages()) == 5, within=10)

    own_redis.stop()
    without_redis = median(_seconds(system, email) for email in EMAILS)
    assert system.get("/readyz").json()["status"] == "degraded"
    own_redis.start()

    assert without_redis - usual <= 0.3
    expected = [f"usual{number}@example.com" for number in range(5)] + EMAILS
    assert_one_mail_each(smtp_server, expected, within=30)
    assert_nothing_left(system)


def test_mail_survives_a_redis_that_is_frozen_during_the_sign_up(
    system: System, smtp_server: SmtpServer, own_redis: EmbeddedRedis
) -> None:
    system.env["REDIS_URL"] = own_redis.url
    system.start_server()
    usual = median(_seconds(system, f"usual{number}@example.com") for number in range(5))

    os.kill(own_redis.pid, signal.SIGSTOP)
    try:
        without_redis = median(_seconds(system, email) for email in EMAILS[:5])
    finally:
        os.kill(own_redis.pid, signal.SIGCONT)
    system.start_worker()

    assert without_redis - usual <= 0.3
    expected = [f"usual{number}@example.com" for number in range(5)] + EMAILS[:5]
    assert_one_mail_each(smtp_server, expected, within=30)


def _seconds(system: System, email: str) -> float:
    started = time.monotonic()
    response = system.sign_up(email)
    assert response.status_code == 201
    return time.monotonic() - started


@pytest.mark.parametrize("workers", [2])
def test_two_server_processes_share_the_port(system: System, workers: int) -> None:
    system.start_server(HTTP_WORKERS=str(workers))

    assert [system.sign_up(email).status_code for email in EMAILS[:4]] == [201] * 4
    assert system.log("cmd.server").count("Started worker") == workers
