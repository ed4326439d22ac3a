"""Every command that reads answers a script with JSON, also on a bad day."""

import asyncio
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from internal.ports.outbox_inspector import OutboxRow, OutboxState
from internal.ports.task_snapshots import ScheduledRun, ScheduleInfo
from tests.fakes.clock import NOON
from tests.support.burning_installation import REFUSED, WORKER, burning_installation
from tests.support.operator_terminal import PAYLOAD, Operator
from tests.unit.infrastructure.cli.commands.test_users import add
from tests.unit.infrastructure.cli.test_app import COMMANDS

HOST = socket.gethostname()
READING: Mapping[str, Sequence[str]] = {
    "stats": (),
    "services": (),
    "audit": (),
    "queue ls": (),
    "queue inspect": ("default", "low"),
    "queue history": ("default",),
    "task ls": ("-q", "default", "--show-payload"),
    "task names": (),
    "task inspect": ("-q", "default", "welcome-44"),
    "failures ls": (),
    "failures show": (REFUSED.fingerprint,),
    "outbox stats": (),
    "outbox ls": (),
    "outbox inspect": ("stored",),
    "worker ls": (),
    "worker ping": (),
    "worker alive": (),
    "server ping": (),
    "cron ls": (),
    "cron history": ("nightly",),
    "user ls": (),
    "user show": ("ada@example.com",),
    "user sessions": ("ada@example.com",),
    "user log-ins": (),
}
ACTING = {
    *(f"queue {name}" for name in ("pause", "resume", "rm")),
    *(f"task {name}" for name in ("enqueue", "run", "archive", "delete", "cancel")),
    *(f"task {name}-all" for name in ("run", "archive", "delete", "cancel")),
    *(f"failures {name}" for name in ("run", "archive", "delete")),
    *(f"outbox {name}" for name in ("redrive", "redrive-all", "discard", "discard-all")),
    *(f"worker {name}" for name in ("quiet", "resume")),
    *(f"cron {name}" for name in ("run", "pause", "resume")),
    *(f"user {name}" for name in ("create-admin", "promote", "disable", "enable", "seed")),
}
WITHOUT_JSON = {"dash", "db migrate", "db revision"}


@pytest.fixture(scope="module")
def operator() -> Operator:
    operator = Operator(asyncio.run(burning_installation()))
    operator.inspector.add_worker(replace(WORKER, id="here", host=HOST, pid=99))
    nightly = ScheduleInfo(
        name="nightly",
        spec="0 3 * * *",
        time_zone="UTC",
        task_name="report:nightly",
        queue="low",
        last=NOON,
        next=NOON,
    )
    run = ScheduledRun(task_id="task-1", slot=NOON, published_at=NOON)
    operator.inspector.add_schedule(nightly, [run])
    row = OutboxRow(
        id="stored",
        name="email:welcome",
        queue="default",
        state=OutboxState.WAITING,
        payload=PAYLOAD,
        stored_at=NOON,
        next_try_at=NOON,
    )
    operator.outbox.add(row)
    add(operator)
    return operator


def test_every_command_reads_or_acts() -> None:
    names = {" ".join(path) for path in COMMANDS}

    assert names == READING.keys() | ACTING | WITHOUT_JSON


@pytest.mark.parametrize("command", READING)
def test_a_command_that_reads_prints_one_json_object(operator: Operator, command: str) -> None:
    read = operator.reads(*command.split(), *READING[command])

    assert isinstance(read, dict)
    assert read


@pytest.mark.parametrize("command", READING)
def test_json_is_ascii_without_control_characters(operator: Operator, command: str) -> None:
    shown = operator.does(*command.split(), *READING[command], "--json").stdout

    assert shown.isascii()
    assert all(line.isprintable() for line in shown.splitlines())


def test_a_watched_screen_is_one_line_of_json_for_each_look(operator: Operator) -> None:
    shown = operator.does("stats", "--watch", "--times", "2", "--every", "1s", "--json").stdout

    looks: list[Any] = [json.loads(line) for line in shown.splitlines()]
    assert [look["at"] for look in looks] == ["2030-01-01T12:00:00+00:00"] * 2
