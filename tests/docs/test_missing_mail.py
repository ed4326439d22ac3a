"""docs/operations.md, "One email is missing" and "Delete old outbox rows", followed by an operator."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis

from internal.application.tasks.send_email_change import SendEmailChange
from internal.application.tasks.send_verification_email import SendVerificationEmail
from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.domain.user import User
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.embedded.process import spawn
from internal.ports.tasks import TaskReceipt
from tests.support.documented_commands import Admin
from tests.support.documented_examples import OPERATIONS, blocks
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.smtp_server import ACCEPTED, SmtpServer

pytestmark = pytest.mark.anyio

BLOCKS = blocks(OPERATIONS)


class Operator:
    def __init__(self, database_url: str, redis_url: str, admin: Admin) -> None:
        self._database_url = database_url
        self._redis_url = redis_url
        self._admin = admin

    async def does(self, name: str, **variables: str) -> str:
        return await asyncio.to_thread(self._admin.run, BLOCKS.get(name, name), **variables)

    @property
    def not_done(self) -> list[str]:
        with psycopg.connect(self._database_url) as connection:
            found = connection.execute("SELECT id FROM outbox WHERE succeeded IS NOT TRUE")
            return [task_id for (task_id,) in found]

    def lapse_claims(self) -> None:
        """Claims lapse 25 s after an attempt; do not wait for it."""
        with psycopg.connect(self._database_url) as connection:
            connection.execute("UPDATE outbox SET claimed_until = now()")

    def state(self) -> list[str]:
        return [task.state for task in queued(self._redis_url)]


@pytest.fixture
def env(database_url: str, redis_url: str, smtp_server: SmtpServer) -> dict[str, str]:
    mail_url = f"smtp://127.0.0.1:{smtp_server.port}"
    return {"APP_ENV": "test", "DATABASE_URL": database_url, "REDIS_URL": redis_url, "MAIL_URL": mail_url}


@pytest.fixture
def operator(env: dict[str, str], tmp_path: Path) -> Operator:
    return Operator(env["DATABASE_URL"], env["REDIS_URL"], Admin(env, tmp_path))


@pytest.fixture
def start_worker(env: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], None]]:
    started = []

    def start() -> None:
        command = [sys.executable, "-m", "cmd.worker"]
        started.append(spawn(command, env=env, log=tmp_path / "log"))

    yield start
    for process in started:
        process.terminate()
        assert process.wait(27) == 0


async def publish_welcome(container: Container, ada: User) -> TaskReceipt:
    task = SendWelcomeEmail(user_id=ada.id)
    async with container.database().unit_of_work() as uow:
        if not await uow.users.get(ada.id):
            await uow.users.add(ada)
        receipt = await uow.tasks.publish(task)
        await uow.commit()
    await container.database.outbox_relay().close()
    return receipt


async def test_an_archived_mail_is_sent_again(
    container: Container,
    operator: Operator,
    smtp_server: SmtpServer,
    start_worker: Callable[[], None],
    ada: User,
) -> None:
    smtp_server.rcpt_reply = "550 no such user"
    receipt = await publish_welcome(container, ada)
    assert "forwarded       1" in await operator.does("mails")
    start_worker()
    eventually(lambda: operator.state() == ["archived"], within=20)
    shown = await operator.does("mail_archived", ID=receipt.id)
    assert shown.count(receipt.id) == 2
    assert "SMTPRecipientRefused 550" in shown
    smtp_server.rcpt_reply = ACCEPTED
    operator.lapse_claims()

    await operator.does("mail_send_again", ID=receipt.id)
    eventually(lambda: len(smtp_server.messages()) == 1, within=20)
    eventually(lambda: operator.not_done == [], within=5)
    assert operator.state() == []


async def test_a_mail_that_was_archived_long_ago_is_sent_again(
    container: Container,
    operator: Operator,
    smtp_server: SmtpServer,
    start_worker: Callable[[], None],
    ada: User,
) -> None:
    receipt = await publish_welcome(container, ada)
    await operator.does('python -m cmd.admin task delete -q default "$ID"', ID=receipt.id)
    assert operator.not_done == [receipt.id]
    start_worker()

    await operator.does("mail_send_again", ID=receipt.id)

    eventually(lambda: len(smtp_server.messages()) == 1, within=20)
    eventually(lambda: operator.not_done == [], within=5)


async def test_a_task_that_redis_lost_is_enqueued_again(
    container: Container,
    operator: Operator,
    redis_url: str,
    smtp_server: SmtpServer,
    start_worker: Callable[[], None],
    ada: User,
) -> None:
    await publish_welcome(container, ada)
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    start_worker()

    await operator.does("redrive")

    eventually(lambda: len(smtp_server.messages()) == 1, within=15)
    eventually(lambda: operator.not_done == [], within=5)


async def test_a_mail_is_found_by_its_address(container: Container, database_url: str, ada: User) -> None:
    receipt = await publish_welcome(container, ada)
    async with container.database().unit_of_work() as uow:
        to_nobody = await uow.tasks.publish(
            SendEmailChange(user_id=uuid4(), email=ada.email.value, requested_at=ada.created_at)
        )
        await uow.tasks.publish(SendVerificationEmail(email="eve@example.com"))
        await uow.commit()

    with psycopg.connect(database_url) as connection:
        found = connection.execute(BLOCKS["mail_of"].encode()).fetchall()

    assert {row[0] for row in found} == {receipt.id, to_nobody.id}


async def test_rows_of_done_tasks_can_be_deleted(container: Container, database_url: str, ada: User) -> None:
    done, open_ = await publish_welcome(container, ada), await publish_welcome(container, ada)
    with psycopg.connect(database_url) as connection:
        closed = "UPDATE outbox SET succeeded = true, closed_at = now() - interval '31 days' WHERE id = %s"
        connection.execute(closed, [done.id])
        connection.execute(BLOCKS["delete_done"].encode())

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT id FROM outbox").fetchall() == [(open_.id,)]
