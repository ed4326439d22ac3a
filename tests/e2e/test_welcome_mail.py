"""The main job: who signs up gets one welcome mail; tests/faults has what is killed or stopped in between."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.support.polling import eventually
from tests.support.smtp_server import SmtpServer
from tests.support.system import System

SIGN_UPS = 20
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


def test_two_server_processes_share_the_port(system: System) -> None:
    system.start_server(HTTP_WORKERS="2")

    assert [system.sign_up(email).status_code for email in EMAILS[:4]] == [201] * 4
    # The first to start may answer before the other has.
    eventually(lambda: system.log("cmd.server").count("Started worker") == 2, within=30)
