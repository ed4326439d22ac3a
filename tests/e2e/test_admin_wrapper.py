"""`./admin`: the command line without an activated environment, with completion in a shell."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The set-up of a person, and then the line `./admin task i` with the cursor at its end.
BASH = """
eval "$(_ADMIN_COMPLETE=source_bash admin)"
complete -p admin >/dev/null
COMP_WORDS=(./admin task i) COMP_CWORD=2
_admin_completion ./admin
echo "${COMPREPLY[@]}"
"""
ZSH = """
compdef() { : }
_arguments() { print -r -- "$2$1" }
eval "$(_ADMIN_COMPLETE=source_zsh admin)"
words=(./admin task i) CURRENT=3
_admin_completion
"""
FISH = """
_ADMIN_COMPLETE=source_fish admin | source
complete --do-complete './admin task i'
"""


@pytest.fixture
def on_path(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has a link to the wrapper on their PATH."""
    (tmp_path / "admin").symlink_to(ROOT / "admin")
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}


def test_runs_from_any_directory_and_through_a_link(tmp_path: Path, on_path: dict[str, str]) -> None:
    shown = subprocess.run(
        ["admin", "task", "--help"], cwd=tmp_path, env=on_path, capture_output=True, check=False, text=True
    )

    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Usage: python -m cmd.admin task" in shown.stdout


def test_passes_on_arguments_and_the_exit_code(tmp_path: Path) -> None:
    refused = subprocess.run(
        [ROOT / "admin", "a b"], cwd=tmp_path, capture_output=True, check=False, text=True
    )

    assert refused.returncode == 2
    assert "'a b'" in refused.stderr


def test_says_what_is_missing(tmp_path: Path) -> None:
    shutil.copy(ROOT / "admin", tmp_path)

    refused = subprocess.run([tmp_path / "admin"], capture_output=True, check=False, text=True)

    assert refused.returncode == 1
    assert refused.stderr == f"admin: {tmp_path}/.venv is missing. Run make .venv/installed there.\n"


@pytest.mark.parametrize(("shell", "script"), [("bash", BASH), ("zsh", ZSH), ("fish", FISH)])
def test_a_shell_completes_commands(on_path: dict[str, str], shell: str, script: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")

    completed = subprocess.run(
        [program, "-c", script], cwd=ROOT, env=on_path, capture_output=True, check=False, text=True
    )

    assert (completed.returncode, completed.stderr) == (0, "")
    assert "inspect" in completed.stdout
    assert "enqueue" not in completed.stdout
