"""The operators' commands as processes, at a terminal and away from one."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.taskqueue.engine import Engine, engine_on

ROOT = Path(__file__).parents[2]


@pytest.fixture
def engine(redis_url: str) -> Iterator[Engine]:
    with engine_on(redis_url) as engine:
        yield engine


@pytest.fixture
def env(database_url: str, redis_url: str) -> dict[str, str]:
    return {"APP_ENV": "test", "DATABASE_URL": database_url, "REDIS_URL": redis_url, "TERM": "xterm"}


def target_of(env: dict[str, str]) -> str:
    """The services, as commands name them."""
    postgres, redis = urlsplit(env["DATABASE_URL"]), urlsplit(env["REDIS_URL"])
    return (
        f"Postgres {postgres.hostname}:{postgres.port}{postgres.path}, "
        f"Redis {redis.hostname}:{redis.port}{redis.path}"
    )


def in_terminal(env: dict[str, str], *arguments: str, answer: str = "") -> tuple[int, str]:
    """Run a command as a process whose input and output are a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cmd.admin", *arguments],
        cwd=ROOT,
        env=env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    shown = b""
    try:
        while part := os.read(ours, 1000):
            shown += part
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    return process.wait(30), shown.decode()


def test_a_terminal_is_asked_and_sees_colours_unless_it_wants_none(
    env: dict[str, str], engine: Engine
) -> None:
    engine.publish("one")
    plain = {**env, "NO_COLOR": "1"}

    coloured = in_terminal(env, "queue", "ls")
    uncoloured = in_terminal(plain, "queue", "ls")
    delete = ("task", "delete-all", "-q", "default", "-s", "pending")
    kept = in_terminal(plain, *delete, answer="n\n")
    deleted = in_terminal(plain, *delete, answer="y\n")

    assert "\x1b[1m" in coloured[1]
    assert "\x1b" not in uncoloured[1]
    assert (kept[0], deleted[0]) == (1, 0)
    question = f"{target_of(env)}: Delete 1 pending task of default? [y/N]"
    assert question in deleted[1]
    assert "1 deleted" in deleted[1]


def test_a_process_without_a_terminal_is_not_asked(env: dict[str, str], engine: Engine) -> None:
    engine.publish("one")

    refused = subprocess.run(
        [sys.executable, "-m", "cmd.admin", "queue", "rm", "default", "--force"],
        cwd=ROOT,
        env=env,
        input="y\n",
        capture_output=True,
        text=True,
        check=False,
    )

    assert (refused.returncode, refused.stdout) == (2, "")
    [line] = refused.stderr.splitlines()
    assert "--yes" in line
    assert engine.states() == {"one": "pending"}


def test_a_reader_that_closes_early_is_not_an_error(env: dict[str, str], engine: Engine) -> None:
    engine.publish(*(f"task-{number:030}" for number in range(500)))
    command = f"{sys.executable} -m cmd.admin task ls -q default -s pending --size 500 | head -1"

    shown = subprocess.run(
        ["sh", "-c", command],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )

    assert shown.stdout.startswith("ID")
    assert shown.stderr == f"cmd.admin: {target_of(env)}\n"


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (["stats"], "both"),
        (["queue", "ls", "--json"], "both"),
        (["queue", "inspect", "nowhere"], "both"),
        (["worker", "ping"], "redis"),
        (["db", "migrate"], "postgres"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_every_command_says_what_it_has_worked_on(
    env: dict[str, str], command: list[str], named: str
) -> None:
    both = target_of(env)
    postgres, redis = both.split(", ")
    expected = {"both": both, "redis": redis, "postgres": postgres}[named]

    done = subprocess.run(
        [sys.executable, "-m", "cmd.admin", *command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr.startswith(f"cmd.admin: {expected}\n")
    assert redis not in done.stdout
