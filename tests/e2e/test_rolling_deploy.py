"""F29: processes of two versions of the program, on the same Redis and Postgres."""

import asyncio
import json
import signal
import time
from collections.abc import Sequence
from uuid import uuid4

import psycopg
import pytest
from dramatiq import Message

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.taskqueue.broker.broker import RedisBroker
from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.message_options import FIRST, FORMAT, OUTBOX
from internal.ports.task_inspector import TaskAction
from tests.support.next_version import NEXT_FORMAT, SendFarewell
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.smtp_server import SmtpServer
from tests.support.system import STARTS_WITHIN, System
from tests.support.taskqueue.inspectors import inspector_on

pytestmark = pytest.mark.long

NEXT_VERSION = "tests.support.next_version"
FAREWELL, WELCOME = "farewell@example.com", "welcome@example.com"
STORE = """
INSERT INTO outbox (id, task_name, payload, options, next_try_at)
VALUES (%s, %s, %s, '{"queue": "default"}', now() + %s::interval)
"""

ADD_USER = """
INSERT INTO users (id, email, name, password_hash, created_at, updated_at)
VALUES (%s, %s, 'Ada Lovelace', 'hash', now(), now())
"""


def store(system: System, task_name: str, payload: dict[str, str], *, due_in: str) -> str:
    """As a sign-up does; returns the task's id."""
    task_id = str(uuid4())
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        connection.execute(STORE, [task_id, task_name, json.dumps(payload), due_in])
    return task_id


def publish_in_a_newer_format(system: System, task_id: str, payload: dict[str, str]) -> None:
    broker = RedisBroker(url=system.env["REDIS_URL"], middleware=[])
    broker.declare_queue("default")
    options = {FORMAT: NEXT_FORMAT, OUTBOX: FIRST, "max_retries": 25}
    message = Message[None]("default", SendWelcomeEmail.task_name, (), payload, options, message_id=task_id)
    broker.call(scripts.PUBLISH, [("default", task_id, scripts.text(message.encode()), 0, -1, {})])
    broker.close()


def mail_to(system: System, recipient: str) -> dict[str, str]:
    """The payload of a mail to a new user."""
    user_id = str(uuid4())
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        connection.execute(ADD_USER, [user_id, recipient])
    return {"user_id": user_id, "email": recipient, "name": "Ada Lovelace"}


def states(system: System) -> list[str]:
    return [task.state for task in queued(system.env["REDIS_URL"], queues=("default",))]


def completions(system: System) -> list[tuple[bool]]:
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        return connection.execute("SELECT succeeded FROM outbox").fetchall()


def offer_again(system: System, task_ids: Sequence[str]) -> None:
    """Now, and not 30 s after they were offered last."""

    async def run() -> None:
        async with inspector_on(system.env["REDIS_URL"]) as inspector:
            await inspector.act(TaskAction.RUN, "default", task_ids)

    asyncio.run(run())


def test_what_an_old_worker_does_not_know_waits_for_a_new_one(
    system: System, smtp_server: SmtpServer
) -> None:
    old = system.start_worker()
    farewell = store(system, SendFarewell.task_name, mail_to(system, FAREWELL), due_in="0 s")
    payload = mail_to(system, WELCOME)
    welcome = store(system, SendWelcomeEmail.task_name, payload, due_in="1 h")
    publish_in_a_newer_format(system, welcome, payload)
    eventually(lambda: states(system) == ["scheduled", "scheduled"], within=10)
    assert smtp_server.messages() == []
    system.start(NEXT_VERSION, "--supervised")
    eventually(lambda: "worker.started" in system.log(NEXT_VERSION), within=STARTS_WITHIN)

    for _ in range(5):
        offer_again(system, [farewell, welcome])  # to both workers; the old one puts them back
        time.sleep(0.1)
    old.send_signal(signal.SIGTERM)
    assert old.wait(20) == 0
    offer_again(system, [farewell, welcome])  # if the old one had them last

    eventually(lambda: completions(system) == [(True,), (True,)], within=5)
    assert sorted(mail["To"] for mail in smtp_server.messages()) == [FAREWELL, WELCOME]
    assert states(system) == []


def test_an_old_worker_runs_a_task_with_a_field_that_it_does_not_know(
    system: System, smtp_server: SmtpServer
) -> None:
    system.start_worker()

    store(system, SendWelcomeEmail.task_name, mail_to(system, WELCOME) | {"locale": "eo"}, due_in="0 s")

    eventually(lambda: completions(system) == [(True,)], within=20)
    assert [mail["To"] for mail in smtp_server.messages()] == [WELCOME]
    assert states(system) == []


def test_a_new_worker_understands_what_an_old_server_has_published(
    system: System, smtp_server: SmtpServer
) -> None:
    system.start(NEXT_VERSION, "--supervised")
    system.start_server()

    assert system.sign_up("ada@example.com").status_code == 201

    eventually(lambda: len(smtp_server.messages()) == 1, within=10)
    eventually(lambda: completions(system) == [(True,)], within=5)
    assert states(system) == []
