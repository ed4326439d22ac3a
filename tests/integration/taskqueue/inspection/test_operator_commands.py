"""The operators' commands on a real Redis and a real Postgres."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from internal.infrastructure.bootstrap.admin.run_admin import LocatedInstallation
from internal.infrastructure.cli.app import app
from tests.support.taskqueue.engine import Engine, Hand, engine_on

PAYLOAD = (
    '{"user_id": "e93ad238-1f7d-4f21-897f-7ec0d8fb3744", "email": "ada@example.com", '
    '"name": "A\\u001b[2Jda", "changed_at": "2030-03-04T23:07:00Z"}'
)
NOTICE = ("task", "enqueue", "email:email-changed", "--payload", PAYLOAD)


class Operator:
    def __init__(self, env: dict[str, str]) -> None:
        self.env = env

    def does(self, *arguments: str) -> Result:
        result = CliRunner(env=self.env).invoke(
            app, arguments, obj=LocatedInstallation(), catch_exceptions=False
        )
        assert "\x1b" not in result.output
        return result

    def reads(self, *arguments: str) -> Any:
        result = self.does(*arguments, "--json")
        [target] = result.stderr.splitlines()
        assert result.exit_code == 0
        assert target.startswith("cmd.admin: Postgres ")
        return json.loads(result.stdout)

    def rows(self) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.env["DATABASE_URL"]) as connection:
            return connection.execute("SELECT id, closed_at IS NULL, succeeded FROM outbox").fetchall()


@pytest.fixture
def operator(database_url: str, redis_url: str, tmp_path: Path) -> Operator:
    mail_url = (tmp_path / "mail").as_uri()
    return Operator(
        {"APP_ENV": "test", "DATABASE_URL": database_url, "REDIS_URL": redis_url, "MAIL_URL": mail_url}
    )


@pytest.fixture
def engine(redis_url: str) -> Iterator[Engine]:
    with engine_on(redis_url) as engine:
        yield engine


def test_a_task_from_its_publication_to_its_end(operator: Operator) -> None:
    task_id = operator.reads(*NOTICE, "--delay", "1h", "--header", "request-id=e5c6")["id"]

    [listed] = operator.reads("task", "ls", "-q", "default", "-s", "scheduled", "--payload", "ada@")["tasks"]
    task = operator.reads("task", "inspect", "-q", "default", task_id)["task"]
    assert listed["id"] == task["id"] == task_id
    assert (task["payload"]["email"], task["headers"]) == ("ada@example.com", {"request-id": "e5c6"})
    assert "A\\u001b[2Jda" in operator.does("task", "inspect", "-q", "default", task_id).stdout
    assert operator.rows() == [(task_id, True, None)]

    assert operator.reads("task", "archive", "-q", "default", task_id)["done"] == [task_id]
    assert operator.rows() == [(task_id, False, False)]

    assert operator.does("task", "run", "-q", "default", task_id).stdout == f"{task_id}: pending\n"
    assert operator.rows() == [(task_id, True, None)]
    assert operator.reads("queue", "inspect", "default")["queues"][0]["states"]["pending"] == 1

    assert operator.does("queue", "rm", "default", "--yes").exit_code == 1
    assert operator.reads("task", "delete", "-q", "default", task_id)["done"] == [task_id]
    assert operator.rows() == [(task_id, False, False)]
    assert operator.reads("queue", "rm", "default", "--yes")["removed"] == ["default"]
    assert operator.reads("queue", "ls")["queues"] == []


def test_straight_to_redis_a_duplicate_is_told(operator: Operator) -> None:
    first = operator.reads(*NOTICE, "--id", "welcome-ada", "--direct")
    second = operator.does(*NOTICE, "--id", "welcome-ada", "--direct")

    assert (first["state"], first["duplicate"]) == ("pending", False)
    assert second.stdout == "welcome-ada: already pending in default; nothing was stored\n"
    assert operator.rows() == []


def test_all_of_a_state_in_batches(operator: Operator, engine: Engine) -> None:
    ids = [f"task-{number:03}" for number in range(250)]
    engine.publish(*ids, delay=3_600_000)

    archived = operator.reads("task", "archive-all", "-q", "default", "-s", "scheduled", "--yes")
    refused = operator.does("task", "run", "-q", "default", ids[0], "nobody")
    ran = operator.does("task", "run-all", "-q", "default", "-s", "archived", "--name", "noop", "--yes")
    wrong = operator.does("task", "run-all", "-q", "default", "-s", "pending", "--yes")

    assert archived["done"] == 250
    assert (refused.exit_code, refused.stdout) == (1, f"{ids[0]}: pending\n")
    assert refused.stderr.splitlines()[1].startswith("cmd.admin: nobody: ")
    assert (ran.exit_code, ran.stdout) == (0, "249 pending\n")
    assert wrong.exit_code == 2
    assert set(engine.states().values()) == {"pending"}


def test_all_pages_of_a_state(operator: Operator, engine: Engine) -> None:
    ids = [f"task-{number:03}" for number in range(70)]
    engine.publish(*ids)
    found: list[str] = []
    cursor: list[str] = []

    while True:
        page = operator.reads("task", "ls", "-q", "default", "-s", "pending", "--oldest-first", *cursor)
        found += [task["id"] for task in page["tasks"]]
        if page["next"] is None:
            break
        cursor = ["--cursor", page["next"]]

    assert found == ids
    assert operator.does("task", "ls", "-q", "default", "-s", "pending", "--cursor", "zzz").exit_code == 2


def test_a_paused_queue_hands_out_nothing(operator: Operator, engine: Engine) -> None:
    engine.publish("one")
    hand = Hand(engine)

    assert operator.does("queue", "pause", "default", "nothing").exit_code == 1
    assert hand.fetch() == []
    assert operator.reads("queue", "ls")["queues"][0]["is_paused"] is True

    assert operator.does("queue", "resume", "default").stdout == "default: running\n"
    assert [delivery.lease[1] for delivery in hand.fetch()] == ["one"]
    assert operator.reads("queue", "history", "default", "--days", "1")["queues"][0]["days"][0]["failed"] == 0


def test_the_whole_at_a_glance(operator: Operator, engine: Engine) -> None:
    engine.publish("one", "two")

    stats = operator.reads("stats")

    assert (stats["states"]["pending"], stats["workers"]) == (2, 0)
    redis = stats["redis"]
    assert redis["software"] in {"redis", "valkey"}
    assert int(redis["version"].partition(".")[0]) >= 7
    assert redis["used_memory_bytes"] > 100_000
    assert redis["clients"] >= 1
    assert "pending    2" in operator.does("stats").stdout
