"""Commands that read show ids and names in Redis that are not UTF-8, with escapes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.taskqueue.inspection.test_operator_commands import Operator
from tests.support.foreign_bytes import QUEUE, SHOWN, STATES, plant
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import engine_on

# As Python reads the bytes of an argument.
TYPED = "\udcff\udcfe"


@pytest.fixture
def operator(database_url: str, redis_url: str, tmp_path: Path) -> Operator:
    mail_url = (tmp_path / "mail").as_uri()
    return Operator(
        {"APP_ENV": "test", "DATABASE_URL": database_url, "REDIS_URL": redis_url, "MAIL_URL": mail_url}
    )


@pytest.fixture(autouse=True)
def desk(redis_url: str) -> Iterator[Desk]:
    with engine_on(redis_url) as engine:
        desk = Desk(engine)
        plant(desk)
        yield desk


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["stats"], f"queue-{SHOWN}"),
        (["services"], "Healthy"),
        (["queue", "ls"], f"queue-{SHOWN}"),
        (["queue", "inspect", QUEUE], QUEUE),
        (["queue", "history", QUEUE], QUEUE),
        *(
            (["task", "ls", "-q", QUEUE, "-s", state, "--size", "500"], f"{state}-{SHOWN}")
            for state in STATES
        ),
        (["task", "ls", "-q", QUEUE], SHOWN),
        (["task", "inspect", "-q", QUEUE, "pending-named"], f"group {SHOWN}"),
        (["task", "inspect", "-q", QUEUE, "archived-named"], "ValueError"),
        (["failures", "ls"], "name-\ufffd\ufffd"),
        (["worker", "ls"], f"host-{SHOWN}"),
        (["cron", "ls"], f"schedule-{SHOWN}"),
        (["outbox", "stats"], "waiting"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_command_that_reads_answers(
    operator: Operator, command: list[str], shown: str, *, as_json: bool
) -> None:
    if as_json:
        assert operator.reads(*command)
        return
    done = operator.does(*command)

    assert done.exit_code == 0
    assert shown in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    "command",
    [
        ["task", "inspect", "-q", QUEUE, f"pending-{TYPED}"],
        ["task", "ls", "-q", f"queue-{TYPED}"],
        ["queue", "inspect", f"queue-{TYPED}"],
        ["cron", "history", f"schedule-{TYPED}"],
    ],
)
def test_finds_what_is_typed_as_bytes(operator: Operator, command: list[str]) -> None:
    done = operator.does(*command)

    assert done.exit_code == 0
    assert SHOWN in done.stdout


def test_all_tasks_of_a_group_of_failures_are_looked_at(operator: Operator) -> None:
    [first, *_] = operator.reads("failures", "ls")["groups"]

    shown = operator.does("failures", "show", first["fingerprint"])

    assert shown.exit_code == 0
