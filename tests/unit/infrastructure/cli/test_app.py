"""What holds for every command: errors in a line, exit codes, help, nothing that a terminal would obey."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from internal.infrastructure.cli.app import app
from internal.ports.tasks import TaskState
from tests.fakes.clock import NOON
from tests.support.operator_terminal import Operator, a_task

EVIL = "\x1b]0;owned\x07\x1b[2J\r\u202e\x9b31m\x7f"


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not hasattr(command, "commands"):
        yield path
        return
    for name, inner in command.commands.items():
        yield from commands(inner, (*path, name))


def helped(path: tuple[str, ...]) -> str:
    command: Any = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]
    return inspect.cleandoc(command.help)


COMMANDS = list(commands(typer.main.get_command(app)))


def test_every_command_is_there() -> None:
    assert {" ".join(path) for path in COMMANDS} == {
        "stats",
        "dash",
        "services",
        "audit",
        *(f"queue {name}" for name in ("ls", "inspect", "history", "pause", "resume", "rm")),
        *(
            f"task {name}"
            for name in ("ls", "names", "inspect", "enqueue", "run", "archive", "delete", "cancel")
        ),
        *(f"task {name}-all" for name in ("run", "archive", "delete", "cancel")),
        *(f"failures {name}" for name in ("ls", "show", "run", "archive", "delete")),
        *(f"outbox {name}" for name in ("stats", "ls", "inspect")),
        *(f"outbox {name}" for name in ("redrive", "redrive-all", "discard", "discard-all")),
        *(
            f"user {name}"
            for name in (
                "create-admin",
                "ls",
                "show",
                "sessions",
                "log-ins",
                "promote",
                "disable",
                "enable",
                "seed",
            )
        ),
        *(
            "worker ls",
            "worker ping",
            "worker alive",
            "worker quiet",
            "worker resume",
            "server ping",
            "cron ls",
            "cron history",
            "cron run",
            "cron pause",
            "cron resume",
            "db migrate",
            "db revision",
        ),
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_examples_on_lines_of_their_own(operator: Operator, path: tuple[str, ...]) -> None:
    text = helped(path)
    shown = operator.does(*path, "--help", columns=80)

    assert shown.exit_code == 0
    assert f"  python -m cmd.admin {' '.join(path)}" in shown.stdout
    examples = text.partition("Examples:\n")[2].splitlines()
    assert all(line in shown.stdout for line in examples)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_that_a_script_may_run_speaks_json(operator: Operator, path: tuple[str, ...]) -> None:
    is_for_scripts = path[0] not in {"db", "dash"}

    assert ("--json" in operator.does(*path, "--help").stdout) is is_for_scripts


@pytest.mark.parametrize(
    "path", [(), ("queue",), ("task",), ("worker",), ("server",), ("cron",), ("user",), ("db",)], ids=" ".join
)
def test_a_group_alone_shows_its_help(operator: Operator, path: tuple[str, ...]) -> None:
    shown = operator.does(*path)

    assert shown.exit_code == 2
    assert "Usage: cmd.admin" in shown.output


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["quue"], "No such command 'quue'. Did you mean 'queue'? See `cmd.admin --help`."),
        (
            ["task", "run-al"],
            "No such command 'run-al'. Did you mean 'run-all', 'run'? See `cmd.admin task --help`.",
        ),
        (["queue", "pause"], "Missing argument 'names'. See `cmd.admin queue pause --help`."),
        (["task", "ls", "-s", "retry"], "Missing option '--queue' / '-q'. See `cmd.admin task ls --help`."),
        (
            ["queue", "ls", "--jsn"],
            "No such option: --jsn (Possible options: --json). See `cmd.admin queue ls --help`.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_that_helps(operator: Operator, arguments: list[str], line: str) -> None:
    mistaken = operator.does(*arguments)

    assert (mistaken.exit_code, mistaken.stdout, mistaken.stderr) == (2, "", f"cmd.admin: {line}\n")


ON_REDIS = [
    ["stats"],
    ["queue", "ls"],
    ["queue", "inspect", "default"],
    ["queue", "history", "default"],
    ["queue", "pause", "default"],
    ["queue", "resume", "default"],
    ["queue", "rm", "default", "--yes"],
    ["task", "ls", "-q", "default", "-s", "retry"],
    ["task", "inspect", "-q", "default", "one"],
    ["task", "enqueue", "email:welcome"],
    ["task", "run", "-q", "default", "one"],
    ["task", "run-all", "-q", "default", "-s", "retry", "--yes"],
    ["worker", "ls"],
    ["worker", "ping"],
    ["cron", "ls"],
    ["cron", "history", "nightly"],
]


@pytest.mark.parametrize("command", ON_REDIS, ids=" ".join)
def test_redis_away_is_one_line(operator: Operator, command: list[str]) -> None:
    operator.installation.is_away = True

    failed = operator.does(*command)

    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr == "cmd.admin: Redis cannot be reached\n"


@pytest.mark.parametrize(
    "command",
    [
        ["task", "ls", "-q", "default", "-s", "archived", "--show-payload"],
        ["task", "ls", "-q", "default", "-s", "archived", "--show-payload", "--json"],
        ["task", "inspect", "-q", "default", EVIL],
        ["task", "inspect", "-q", "default", EVIL, "--json"],
        ["task", "inspect", "-q", EVIL, EVIL],
        ["task", "run", "-q", "default", EVIL, f"no {EVIL}"],
        ["task", "enqueue", EVIL],
        ["queue", "inspect", EVIL],
        ["queue", "history", "default", "--days", f"\n{EVIL}"],
        ["queue", "history", "default", f"--{EVIL}"],
        [EVIL],
        ["worker", "ping", "--host", EVIL],
    ],
    ids=lambda command: " ".join(command[:2]).encode("unicode_escape").decode(),
)
def test_nothing_that_a_terminal_would_obey_gets_there(operator: Operator, command: list[str]) -> None:
    operator.inspector.add(
        a_task(
            EVIL, TaskState.ARCHIVED, name=EVIL, payload={EVIL: EVIL}, last_error=EVIL, last_failed_at=NOON
        )
    )

    shown = operator.does(*command).output.replace("\n", "")

    assert shown
    assert [character for character in shown if not character.isprintable()] == []


def test_migrates(operator: Operator) -> None:
    migrated = operator.does("db", "migrate")
    operator.does("db", "revision", "add a column")

    assert migrated.stdout == "the schema is up to date\n"
    assert operator.installation.migrations == ["newest", "add a column"]
