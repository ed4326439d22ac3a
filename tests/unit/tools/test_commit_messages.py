import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.commit_messages import messages_since, problems_of, typed_message

ROOT = Path(__file__).parents[3]


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "commit", "--quiet", "--allow-empty", "--no-verify", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # A git hook that runs the tests sets GIT_DIR, and the commits would land in the real repository.
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "message",
    [
        "Split the engine into eight packages",
        "Process tasks in order",
        "Poll less often while idle: six consumers took 4 % of a core",
        "Embed Postgres\n\nThe reason, in a sentence.\n\nAnother paragraph.",
        f"Link the report\n\nhttps://example.com/{'x' * 90}",
        f"Quote a log line\n\n    {'word ' * 20}",
        f"Credit a reviewer\n\nCo-authored-by: {'Name ' * 15}<name@example.com>",
        f'Revert "{"Say the same " * 6}"\n\nThis reverts commit 0123456.',
        "fixup! split the engine",
    ],
)
def test_accepts_a_message_that_follows_the_rules(message: str) -> None:
    assert problems_of(message) == []


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("", "the subject is missing"),
        (f"Add {'x' * 69}", "the subject has 73 characters, at most 72"),
        ("Add a column.", "the subject must not end with a period"),
        ("add a column", "the subject must begin with a capital letter"),
        ("Added a column", '"added" is not imperative: write "Add", not "Added", "Adds" or "Adding"'),
        ("Adds a column", '"adds" is not imperative: write "Add", not "Added", "Adds" or "Adding"'),
        ("Adding a column", '"adding" is not imperative: write "Add", not "Added", "Adds" or "Adding"'),
        ("Add a column\nand an index", "the second line must be blank"),
        (f"Add a column\n\n{'word ' * 17}end", "line 3 is longer than 80 characters"),
        ("Db: add a column", 'the subject has a prefix: write "Fix the clock", not "fix: the clock"'),
        ("Fix(db): add a column", 'the subject has a prefix: write "Fix the clock", not "fix: the clock"'),
    ],
)
def test_names_the_rule_that_a_message_breaks(message: str, problem: str) -> None:
    assert problems_of(message) == [problem]


def test_ignores_the_comments_of_an_editor() -> None:
    typed = f"Add a column\n\n# Please enter a message.\n# {'-' * 24} >8 {'-' * 24}\ndiff --git a/x b/x\n"

    assert typed_message(typed) == "Add a column"


def test_checks_only_the_commits_since_the_base(repository: Path) -> None:
    base = commit(repository, "an old commit.")
    commit(repository, "Add a column\n\nThe reason.")
    commit(repository, "Add an index")

    messages = [message.strip() for _, message in messages_since(base)]

    assert messages == ["Add an index", "Add a column\n\nThe reason."]


def test_the_default_base_is_the_main_branch(repository: Path) -> None:
    commit(repository, "an old commit.")
    git(repository, "switch", "--quiet", "--create", "topic")
    commit(repository, "Add an index")

    assert [message.strip() for _, message in messages_since("")] == ["Add an index"]


@pytest.mark.parametrize("base", ["no-such-branch", "0" * 40])
def test_an_unknown_base_leaves_the_newest_commit(repository: Path, base: str) -> None:
    commit(repository, "an old commit.")
    commit(repository, "Add an index")

    assert [message.strip() for _, message in messages_since(base)] == ["Add an index"]


@pytest.mark.usefixtures("repository")
def test_a_folder_without_commits_has_nothing_to_check() -> None:
    assert messages_since("") == []


@pytest.mark.parametrize(("message", "exit_code"), [("Add a column\n", 0), ("added a column\n", 1)])
def test_the_hook_fails_for_a_bad_message(tmp_path: Path, message: str, exit_code: int) -> None:
    file = tmp_path / "COMMIT_EDITMSG"
    file.write_text(message)

    checked = subprocess.run(
        [sys.executable, "-m", "tools.commit_messages", str(file)], cwd=ROOT, capture_output=True, check=False
    )

    assert checked.returncode == exit_code
