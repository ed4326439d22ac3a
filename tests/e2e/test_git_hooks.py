"""The hooks that `make hooks` installs, in a repository of their own."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / ".pre-commit-config.yaml"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    author = {"NAME": "Test", "EMAIL": "test@example.com"}
    return {
        **inherited,
        **{f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in author.items()},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "https_proxy": NOWHERE,
        "http_proxy": NOWHERE,
    }


@pytest.fixture
def repository(tmp_path: Path, environment: dict[str, str]) -> Path:
    folder = tmp_path / "repository"
    shutil.copytree(ROOT / "tools", folder / "tools")
    shutil.copy(CONFIG, folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    for command in (["git", "init", "--quiet"], [".venv/bin/pre-commit", "install"], ["git", "add", "tools"]):
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return folder


def hooks() -> list[dict[str, Any]]:
    config = yaml.safe_load(CONFIG.read_text())
    return [{"repo": repo["repo"], **hook} for repo in config["repos"] for hook in repo["hooks"]]


def commit(repository: Path, environment: dict[str, str], message: str) -> subprocess.CompletedProcess[str]:
    # The import contracts are about `cmd` and `internal`, which are not in this repository.
    return subprocess.run(
        ["git", "commit", "--message", message],
        cwd=repository,
        env={**environment, "SKIP": "import-contracts"},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: str(hook["id"]))
def test_a_hook_runs_only_what_is_installed(hook: dict[str, Any]) -> None:
    assert (hook["repo"], hook["language"]) == ("local", "system")
    assert hook["entry"].startswith((".venv/bin/", "make "))


def test_a_good_commit_passes(repository: Path, environment: dict[str, str]) -> None:
    done = commit(repository, environment, "Add the tools")

    assert done.returncode == 0, done.stderr


def test_a_bad_message_stops_the_commit(repository: Path, environment: dict[str, str]) -> None:
    refused = commit(repository, environment, "Added the tools.")

    assert refused.returncode == 1
    assert "the subject must not end with a period" in refused.stderr


def test_unformatted_code_stops_the_commit(repository: Path, environment: dict[str, str]) -> None:
    (repository / "tools" / "odd.py").write_text("x   =  1\n")
    subprocess.run(["git", "add", "tools"], cwd=repository, env=environment, check=True)

    refused = commit(repository, environment, "Add the tools")

    assert refused.returncode == 1
    assert "tools/odd.py" in refused.stderr
