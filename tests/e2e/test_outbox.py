"""An operator at 3 a.m.: mails do not go out, since Redis is away; or Postgres is."""

import json
from typing import Any

from typer.testing import CliRunner, Result

from internal.infrastructure.bootstrap.admin.run_admin import LocatedInstallation
from internal.infrastructure.cli.app import app
from internal.infrastructure.embedded.process import free_port
from internal.infrastructure.embedded.redis import EmbeddedRedis
from tests.e2e.test_welcome_mail import assert_nothing_left, assert_one_mail_each
from tests.support.polling import eventually
from tests.support.smtp_server import SmtpServer
from tests.support.system import System


def does(system: System, *command: str) -> Result:
    runner = CliRunner(env=system.env)
    return runner.invoke(app, ["outbox", *command], obj=LocatedInstallation(), catch_exceptions=False)


def reads(system: System, *command: str) -> Any:
    done = does(system, *command, "--json")
    assert done.exit_code == 0
    assert len(done.stderr.splitlines()) == 1
    return json.loads(done.stdout)


def test_a_mail_that_could_not_be_forwarded_is_seen_and_sent_once(
    system: System, own_redis: EmbeddedRedis, smtp_server: SmtpServer
) -> None:
    system.env["REDIS_URL"] = own_redis.url
    system.start_server()
    own_redis.stop()
    assert system.sign_up("ada@example.com").status_code == 201

    eventually(lambda: reads(system, "stats")["last_error"] is not None, within=10)
    stats = reads(system, "stats")
    [row] = reads(system, "ls", "-s", "waiting")["rows"]
    refused = does(system, "redrive", row["id"])
    own_redis.start()
    redriven = [reads(system, "redrive", row["id"]) for _ in range(2)]
    system.start_worker()

    assert (stats["waiting"], stats["forwarded"], stats["given_up"]) == (1, 0, 0)
    assert stats["last_error"].startswith("Redis")
    assert stats["last_error"] == row["last_error"]
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("cmd.admin: Redis cannot be reached: connection refused (")
    assert [answer["done"] for answer in redriven] == [[row["id"]]] * 2
    assert_one_mail_each(smtp_server, ["ada@example.com"], within=10)
    assert_nothing_left(system)


def test_a_postgres_that_is_away_is_one_line(system: System) -> None:
    system.env["DATABASE_URL"] = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"

    failed = does(system, "stats")

    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.startswith("cmd.admin: Postgres cannot be reached: connection refused (")
