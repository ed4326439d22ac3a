"""Check commit messages: `FILE` for the commit-msg hook, `--since BASE` for the commits of a branch.

Commits before the base are history and are not checked. Without a base it is `origin/main`, or else `main`.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SUBJECT_LENGTH = 72
BODY_WIDTH = 80
DEFAULT_BASES = ("origin/main", "main")

_WRITTEN_BY_GIT = ("Merge ", 'Revert "', "fixup! ", "squash! ", "amend! ")
_SCISSORS = re.compile(r"^# -+ >8 -+$.*", re.MULTILINE | re.DOTALL)
_PREFIX = re.compile(r"[\w./-]+(\(.*?\))?!?: ")
_NOT_IMPERATIVE = re.compile(r"\w+(ed|ing|[^s]s)")
_IMPERATIVE_ALL_THE_SAME = frozenset(
    {"alias", "bias", "bring", "embed", "feed", "focus", "need", "seed", "speed"}
)
_TRAILER = re.compile(r"[A-Z][a-z]+(-[a-z]+)+: ")


def problems_of(message: str) -> list[str]:
    """List the problems of a message, one line each."""
    subject, *rest = message.rstrip().split("\n")
    if subject.startswith(_WRITTEN_BY_GIT):
        return []
    problems = _problems_of_subject(subject)
    if rest and rest[0]:
        problems.append("the second line must be blank")
    problems += [f"line {number} is longer than {BODY_WIDTH} characters" for number in _long_lines(rest)]
    return problems


def _problems_of_subject(subject: str) -> list[str]:
    if not subject.strip():
        return ["the subject is missing"]
    first_word = subject.split(maxsplit=1)[0].strip(",").lower()
    is_imperative = first_word in _IMPERATIVE_ALL_THE_SAME or not _NOT_IMPERATIVE.fullmatch(first_word)
    rules = [
        (
            len(subject) <= SUBJECT_LENGTH,
            f"the subject has {len(subject)} characters, at most {SUBJECT_LENGTH}",
        ),
        (not _PREFIX.match(subject), 'the subject has a prefix: write "Fix the clock", not "fix: the clock"'),
        (not subject[0].islower(), "the subject must begin with a capital letter"),
        (is_imperative, f'"{first_word}" is not imperative: write "Add", not "Added", "Adds" or "Adding"'),
        (not subject.endswith("."), "the subject must not end with a period"),
    ]
    return [problem for holds, problem in rules if not holds]


def _long_lines(rest: Sequence[str]) -> list[int]:
    """The lines that can be wrapped: not a URL, a quotation (four spaces) or a trailer."""
    return [
        number
        for number, line in enumerate(rest, start=2)
        if len(line) > BODY_WIDTH and " " in line and not line.startswith("    ") and not _TRAILER.match(line)
    ]


def typed_message(text: str) -> str:
    """The message in a file that an editor has saved, without the comments that git removes."""
    lines = _SCISSORS.sub("", text).split("\n")
    return "\n".join(line for line in lines if not line.startswith("#")).strip()


def messages_since(base: str) -> list[tuple[str, str]]:
    """Return the short hash and message of each commit since `base`, or of the newest one without a base."""
    bases = [base] if base else DEFAULT_BASES
    known = next(
        (name for name in bases if _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")), None
    )
    which = ["--max-count=1"] if known is None else [f"{known}..HEAD"]
    log = _git("log", "--no-merges", "-z", "--format=%h %B", *which) or ""
    return [
        (commit, message)
        for commit, _, message in (entry.partition(" ") for entry in log.split("\0"))
        if commit
    ]


def _git(*arguments: str) -> str | None:
    """What git answers; None if it fails."""
    done = subprocess.run(["git", *arguments], capture_output=True, check=False, text=True)
    return done.stdout if done.returncode == 0 else None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.commit_messages", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path, help="a message that is about to be committed")
    what.add_argument("--since", metavar="BASE", help="check every commit since this one")
    given = parser.parse_args()
    if given.file:
        messages = [("The commit message", typed_message(given.file.read_text()))]
    else:
        messages = messages_since(given.since)
    problems = [(name, message.split("\n")[0], problems_of(message)) for name, message in messages]
    for name, subject, found in problems:
        for problem in found:
            print(f"{name}: {problem}\n  {subject}", file=sys.stderr)
    return int(any(found for *_, found in problems))


if __name__ == "__main__":
    sys.exit(main())
