"""Mistakes at the command line and in the environment, to real processes: one line each, and no traceback."""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.support.system import System

BYTES = b"\xff\xfe\xff"
NOBODY = b"00000000-0000-4000-8000-000000000000"
PASSWORD = b"correct horse\n"
CREATE = (b"user", b"create-admin", b"root@example.com")


def run(
    system: System, *command: bytes, given: bytes = b"", **env: bytes
) -> "subprocess.CompletedProcess[bytes]":
    """What an operator types may be any bytes."""
    everything = {os.fsencode(name): os.fsencode(value) for name, value in system.env.items()}
    everything |= {os.fsencode(name): value for name, value in env.items()}
    return subprocess.run(
        [os.fsencode(sys.executable), b"-m", *command],
        env=everything,
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
    )


# The arguments, the standard input and the exit code.
MISTAKES: Sequence[tuple[tuple[bytes, ...], bytes, int]] = [
    ((b"user", b"show", BYTES), b"", 2),
    ((b"user", b"show", b""), b"", 2),
    ((b"user", b"show", b"' OR 1=1 --"), b"", 2),
    ((b"user", b"show", NOBODY), b"", 1),
    ((b"user", b"promote", BYTES, b"--role", b"admin"), b"", 2),
    ((b"user", b"promote", b"ada@example.com", b"--role", BYTES), b"", 2),
    ((b"user", b"disable", BYTES, b"--yes"), b"", 2),
    ((b"user", b"ls", b"--search", BYTES), b"", 2),
    ((b"user", b"ls", b"--search", b"\x1b[2J"), b"", 2),
    ((b"user", b"ls", b"--size", b"9" * 5000), b"", 2),
    ((b"user", b"ls", b"--cursor", BYTES), b"", 2),
    ((b"user", b"ls", b"--sort", b"password_hash"), b"", 2),
    ((b"user", BYTES), b"", 2),
    ((b"user", b"create-admin", BYTES), PASSWORD, 2),
    ((*CREATE, b"--name", BYTES), PASSWORD, 2),
    (CREATE, BYTES * 3, 2),
    (CREATE, b"\0" * 1000, 2),
    (CREATE, b"x" * 2_000_000, 2),
]


@pytest.mark.long
def test_a_mistake_is_one_line(system: System) -> None:
    wrong = {}
    for arguments, given, code in MISTAKES:
        result = run(system, b"cmd.admin", *arguments, given=given)
        # The commands also say which Postgres they use.
        lines = [line for line in result.stderr.splitlines() if b": Postgres " not in line]
        is_clear = len(lines) == 1 and lines[0].startswith(b"cmd.admin: ") and b"\x1b" not in lines[0]
        if (result.returncode, result.stdout, is_clear) != (code, b"", True):
            wrong[arguments, given[:10]] = result

    assert wrong == {}


def test_a_setting_that_is_not_utf_8_is_one_line(system: System) -> None:
    for command in (b"cmd.server", b"cmd.worker"):
        result = run(system, command, JWT_SECRET=BYTES * 12, HTTP_HOST=BYTES)

        assert result.returncode == 2
        named = [line.split(b": ")[1:] for line in result.stderr.splitlines()]
        assert sorted(named) == [[b"HTTP_HOST", b"must be UTF-8"], [b"JWT_SECRET", b"must be UTF-8"]]
