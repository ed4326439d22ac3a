"""TASK_PAYLOAD_KEYS on real processes: what Redis, its append-only file and the outbox keep of a sign-up."""

import json
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest

from internal.application.tasks.send_welcome_email import SendWelcomeEmail
from internal.infrastructure.config.payload_keys import PLAIN
from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.e2e.test_welcome_mail import assert_nothing_left, assert_one_mail_each
from tests.support.payload_keys import setting
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.redis_contents import contents
from tests.support.smtp_server import SmtpServer
from tests.support.system import System

ADDRESS, NAME = "canary-address@example.com", "Lovelace"
OLD_VERSION = "tests.support.version_without_keys"


@pytest.fixture
def redis_directory(system: System, tmp_path: Path) -> Iterator[Path]:
    """The directory of a Redis that writes an append-only file."""
    server = EmbeddedRedis(tmp_path / "redis", password=token_hex())
    system.env["REDIS_URL"] = server.start()
    yield tmp_path / "redis"
    server.stop()


def outbox(system: System) -> str:
    with psycopg.connect(system.env["DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT to_jsonb(outbox)::text FROM outbox").fetchall()
    return "\n".join(text for (text,) in rows)


def kept(system: System, directory: Path) -> str:
    """Everything that the outbox, Redis and its append-only file keep."""
    files = [file.read_bytes().decode(errors="replace") for file in directory.rglob("*.aof")]
    assert any(SendWelcomeEmail.task_name in text for text in files)
    return "\n".join([outbox(system), contents(system.env["REDIS_URL"]), *files])


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
def test_without_keys_the_same_search_finds_both(system: System, redis_directory: Path) -> None:
    everything = after_a_sign_up(system, redis_directory, ends=[])

    assert ADDRESS in everything
    assert NAME in everything


def test_a_worker_of_the_version_before_leaves_encrypted_tasks_to_others(
    system: System, smtp_server: SmtpServer
) -> None:
    system.start(OLD_VERSION, "--supervised")
    system.start_server(TASK_PAYLOAD_KEYS=setting("new"))
    eventually(lambda: "worker.started" in system.log(OLD_VERSION), within=60)

    assert system.sign_up(ADDRESS).status_code == 201
    eventually(lambda: "task.unknown" in system.log(OLD_VERSION), within=10)

    assert [task.state for task in queued(system.env["REDIS_URL"])] == ["scheduled"]
    assert smtp_server.messages() == []
    assert ADDRESS not in system.log(OLD_VERSION)


def test_keys_are_introduced_and_rotated_without_losing_a_mail(
    system: System, smtp_server: SmtpServer
) -> None:
    """As docs/operations.md says: each step is a restart."""
    addresses: list[str] = []
    for keys in ((), (PLAIN, "old"), ("old",), ("old", "new"), ("new", "old"), ("new",)):
        env = {"TASK_PAYLOAD_KEYS": setting(*keys)} if keys else {}
        worker, server = system.start_worker(**env), system.start_server(**env)
        addresses.append(f"user-{len(addresses)}@example.com")
        assert system.sign_up(addresses[-1]).status_code == 201
        assert_one_mail_each(smtp_server, addresses, within=20)
        for process in (server, worker):
            process.terminate()
            assert process.wait(30) == 0

    assert_nothing_left(system)
    assert json.loads(system.run("cmd.admin", "outbox", "ls", "--json").stdout)["rows"] != []


def test_a_wrong_key_is_one_line(system: System) -> None:
    done = system.run("cmd.worker", TASK_PAYLOAD_KEYS="id1:hunter2hunter2")

    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "TASK_PAYLOAD_KEYS: must have keys of 32 random bytes in base64" in line
    assert "hunter2" not in done.stderr + done.stdout
