"""README.md, "When a mail does not arrive", as an operator does it."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.bootstrap.container import Container
from internal.infrastructure.embedded.process import spawn
from internal.ports.tasks import TaskReceipt
from tests.docs.admin import Admin
from tests.docs.blocks import README, blocks
from tests.docs.shell import Shell
from tests.eventually import eventually
from tests.queued import queued
from tests.smtp import ACCEPTED, SmtpServer

pytestmark = pytest.mark.anyio

BLOCKS = blocks(README)


class Operator:
    def __init__(self, database_url: str, redis_url: str, shell: Shell, admin: Admin) -> None:
        self._database_url = database_url
        self._redis_url = redis_url
        self.shell = shell
        self.admin = admin

    def ask(self, name: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self._database_url) as connection:
            cursor = connection.execute(BLOCKS[name].encode())
            return cursor.fetchall() if cursor.description else []

    def state(self) -> list[str]:
        return [task.state for task in queued(self._redis_url)]


@pytest.fixture
def env(database_url: str, redis_url: str, smtp_server: SmtpServer) -> dict[str, str]:
    mail_url = f"smtp://127.0.0.1:{smtp_server.port}"
    return {"APP_ENV": "test", "DATABASE_URL": database_url, "REDIS_URL": redis_url, "MAIL_URL": mail_url}


@pytest.fixture
def operator(env: dict[str, str], tmp_path: Path) -> Operator:
    return Operator(env["DATABASE_URL"], env["REDIS_URL"], Shell(tmp_path, env), Admin(env, tmp_path))


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


async def publish_welcome(container: Container) -> TaskReceipt:
    task = SendWelcomeEmail(user_id=container.new_id()(), email="ada@example.com", name="Ada")
    async with container.unit_of_work() as uow:
        receipt = await uow.tasks.publish(task)
        await uow.commit()
    await container.outbox_relay().close()
    return receipt


async def test_a_mail_that_was_given_up_is_sent_again(
    container: Container, operator: Operator, smtp_server: SmtpServer, start_worker: Callable[[], None]
) -> None:
    smtp_server.rcpt_reply = "550 no such user"
    receipt = await publish_welcome(container)
    assert [row[0] for row in operator.ask("not_ended")] == [receipt.id]
    start_worker()
    eventually(lambda: operator.state() == ["archived"], within=20)
    [(task_id, queue, *_)] = operator.ask("given_up")
    assert (task_id, queue, operator.ask("not_ended")) == (receipt.id, "default", [])
    smtp_server.rcpt_reply = ACCEPTED

    await asyncio.to_thread(operator.admin.run, BLOCKS["send_again"], ID=receipt.id, QUEUE="default")
    eventually(lambda: len(smtp_server.messages()) == 1, within=40)
    eventually(lambda: operator.ask("not_ended") == operator.ask("given_up") == [], within=5)
    assert operator.state() == []


async def test_a_mail_that_was_given_up_long_ago_is_sent_again(
    container: Container, operator: Operator, smtp_server: SmtpServer, start_worker: Callable[[], None]
) -> None:
    receipt = await publish_welcome(container)
    delete = 'python -m cmd.admin task delete -q default "$ID"'
    await asyncio.to_thread(operator.admin.run, delete, ID=receipt.id)
    assert [row[0] for row in operator.ask("given_up")] == [receipt.id]
    start_worker()

    operator.shell.run(BLOCKS["open_again"], ID=receipt.id)

    eventually(lambda: len(smtp_server.messages()) == 1, within=20)
    eventually(lambda: operator.ask("not_ended") == operator.ask("given_up") == [], within=5)


async def test_what_redis_has_lost_is_forwarded_again(
    container: Container,
    operator: Operator,
    redis_url: str,
    smtp_server: SmtpServer,
    start_worker: Callable[[], None],
) -> None:
    await publish_welcome(container)
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    start_worker()

    operator.ask("look_now")

    eventually(lambda: len(smtp_server.messages()) == 1, within=15)
    eventually(lambda: operator.ask("not_ended") == [], within=5)


async def test_rows_of_what_is_done_can_be_deleted(
    container: Container, operator: Operator, database_url: str
) -> None:
    done, open_ = await publish_welcome(container), await publish_welcome(container)
    with psycopg.connect(database_url) as connection:
        closed = "UPDATE outbox SET succeeded = true, closed_at = now() - interval '31 days' WHERE id = %s"
        connection.execute(closed, [done.id])

    operator.ask("delete_done")

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT id FROM outbox").fetchall() == [(open_.id,)]
