import subprocess
import sys

import pytest

CANNOT_START = 1


def ask(work: str) -> "subprocess.CompletedProcess[str]":
    """Ask in a process of its own: a fork of pytest would run the clean-up of pytest."""
    code = f"""
import os, signal, sys
from internal.infrastructure.bootstrap.process.child_answer import answer_of_child
print(answer_of_child("cmd.worker", lambda: {work}))
"""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20
    )


def test_the_child_answers() -> None:
    assert ask("{'processes': 2}").stdout == "{'processes': 2}\n"


@pytest.mark.parametrize("code", [1, 2])
def test_the_exit_code_of_the_child_is_passed_on(code: int) -> None:
    asked = ask(f"sys.exit({code})")

    assert (asked.returncode, asked.stderr) == (code, "")


def test_a_child_that_is_killed_leaves_one_clear_line() -> None:
    asked = ask("os.kill(os.getpid(), signal.SIGKILL)")

    assert asked.returncode == CANNOT_START
    assert asked.stderr == "cmd.worker: SIGKILL ended the process that reads the settings\n"
