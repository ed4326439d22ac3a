"""TASK_PAYLOAD_KEYS on real processes: with an older version, introduced and rotated, and wrong."""

import json

import pytest

from internal.infrastructure.config.payload_keys import PLAIN
from tests.e2e.test_welcome_mail import assert_nothing_left, assert_one_mail_each
from tests.support.payload_keys import setting
from tests.support.polling import eventually
from tests.support.queue_contents import queued
from tests.support.smtp_server import SmtpServer
from tests.support.system import System

ADDRESS = "canary-address@example.com"
OLD_VERSION = "tests.support.version_without_keys"


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


@pytest.mark.long
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
