"""The terminal dashboard on a real Redis and a real Postgres."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from internal.infrastructure.bootstrap.admin.run_admin import LocatedInstallation
from internal.ports.tasks import TaskState
from tests.support.dash_terminal import dash_with
from tests.support.taskqueue.desk import Desk
from tests.support.taskqueue.engine import Engine, engine_on

pytestmark = pytest.mark.anyio


@pytest.fixture
def engine(redis_url: str) -> Iterator[Engine]:
    with engine_on(redis_url) as engine:
        yield engine


@pytest.fixture
def installation(
    database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> LocatedInstallation:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("MAIL_URL", (tmp_path / "mail").as_uri())
    return LocatedInstallation()


async def test_an_operator_finds_what_fails_and_runs_it_again(
    installation: LocatedInstallation, engine: Engine, database_url: str
) -> None:
    desk = Desk(engine)
    for number in range(3):
        desk.add(f"mail-{number}", TaskState.RETRY, error="SMTPError: refused", frame="mail.py in send")
    desk.add("report", TaskState.ARCHIVED, error="ValueError: no")

    async with installation.open() as tools, dash_with(tools, every=0.2) as dash:
        await dash.sees("default ", "! No worker is running; 3 tasks wait.")
        await dash.press("f")
        await dash.sees("SMTPError", "ValueError", "4 tasks in retry and archived.")
        await dash.press("r")
        await dash.sees("Run the work tasks that failed with SMTPError, at least 3?")
        await dash.press("y")
        await dash.sees("3 tasks are pending now.", "1 task in retry and archived.")
        await dash.press("o", "P")
        await dash.sees("Pause the queue default?")
        await dash.press("y")
        await dash.sees("default (paused)", "default is paused; 3 tasks wait.")
        await dash.press("enter")
        await dash.sees("pending 3", "archived 1", "mail-2")

    assert engine.states() == {
        "mail-0": "pending",
        "mail-1": "pending",
        "mail-2": "pending",
        "report": "archived",
    }
    with psycopg.connect(database_url) as connection:
        names = connection.execute("SELECT name FROM security_events ORDER BY id").fetchall()
    assert [*dict.fromkeys(names)] == [("tasks.run",), ("tasks.pause_queue",)]
