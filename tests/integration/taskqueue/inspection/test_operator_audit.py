"""What the operators' commands record, with and without Postgres."""

import os
import pwd
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from internal.infrastructure.bootstrap.admin.run_admin import LocatedInstallation
from internal.infrastructure.cli.app import app
from tests.support.taskqueue.engine import Engine, engine_on

OPERATOR = f"cli:{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/none"


@pytest.fixture
def env(database_url: str, redis_url: str, tmp_path: Path) -> Mapping[str, str]:
    mail_url = (tmp_path / "mail").as_uri()
    return {"APP_ENV": "test", "DATABASE_URL": database_url, "REDIS_URL": redis_url, "MAIL_URL": mail_url}


@pytest.fixture
def engine(redis_url: str) -> Iterator[Engine]:
    with engine_on(redis_url) as engine:
        engine.publish("1")
        yield engine


def does(env: Mapping[str, str], *arguments: str) -> Result:
    return CliRunner(env=dict(env)).invoke(app, arguments, obj=LocatedInstallation(), catch_exceptions=False)


@pytest.mark.usefixtures("engine")
def test_a_command_that_acts_names_the_user_of_the_system(
    env: Mapping[str, str], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "somebody-else")

    paused = does(env, "queue", "pause", "default", "none")

    assert paused.exit_code == 1
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT operator, name, result, details ->> 'outcome' FROM security_events ORDER BY id"
        ).fetchall()
    assert rows == [
        (OPERATOR, "tasks.pause_queue", "success", "done"),
        (OPERATOR, "tasks.pause_queue", "failure", "QUEUE_NOT_FOUND"),
    ]


@pytest.mark.usefixtures("engine")
def test_without_postgres_a_command_acts_and_logs_what_it_did(env: Mapping[str, str]) -> None:
    with capture_logs() as logged:
        paused = does({**env, "DATABASE_URL": NOWHERE}, "queue", "pause", "default")

    assert (paused.exit_code, paused.stdout) == (0, "default: paused\n")
    [line] = logged
    assert (line["event"], line["action"], line["actor"]) == (
        "audit.not_stored",
        "tasks.pause_queue",
        OPERATOR,
    )
    assert "connection refused" in line["why"]


@pytest.mark.usefixtures("engine")
def test_before_the_migration_a_command_acts_and_logs_what_it_did(
    env: Mapping[str, str], unmigrated_database_url: str
) -> None:
    with capture_logs() as logged:
        paused = does({**env, "DATABASE_URL": unmigrated_database_url}, "queue", "pause", "default")

    assert paused.exit_code == 0
    assert "db migrate" in logged[0]["why"]
