"""Lint the assembled Lua scripts with luacheck, and check their format with stylua; `--fix` formats them.

A tool that is not installed is named, and its check is skipped.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from internal.infrastructure.taskqueue.protocol import scripts
from internal.infrastructure.taskqueue.protocol.scripts import Script

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "internal/infrastructure/taskqueue/protocol/lua"
# This script shares nothing with others.
WHOLE = ROOT / "internal/infrastructure/security/password_attempts.lua"
ASSEMBLED = ROOT / "var/lua"
STYLUA = ROOT / ".venv/bin/stylua"
NO_LUACHECK = "luacheck is not installed: the Lua scripts are not linted (Debian: apt-get install lua-check)"
NO_STYLUA = (
    "stylua is not installed: the format of the Lua scripts is not checked (make lua installs it with npm)"
)

# Of luacheck: something is never used. A script rarely needs all of a file that it shares.
_UNUSED = "W211"
# Of luacheck's exit codes: nothing, warnings, errors found; others say that it could not run.
_REPORTED = {0, 1, 2}
_WARNING = re.compile(r"(?P<path>.+?)\.lua:(?P<line>\d+):\d+: \((?P<code>\w+)\) (?P<text>.*)")


class Finding(NamedTuple):
    """A report of luacheck about one line of a source file."""

    file: str
    line: int
    code: str
    text: str

    def __str__(self) -> str:
        return f"{(SOURCES / self.file).relative_to(ROOT)}.lua:{self.line}: ({self.code}) {self.text}"


def all_scripts() -> dict[str, Script]:
    return {script.name: script for script in vars(scripts).values() if isinstance(script, Script)}


def position_in_source(script: Script, line: int) -> tuple[str, int]:
    """Which file, and which of its lines, a line of the assembled script comes from; both begin with 1."""
    if line == 1:
        return script.name, 1
    before = 1
    for name, text in script.parts.items():
        # The shebang has moved to the top; between two files is a blank line.
        length = text.count("\n") + 1
        if name == script.name:
            break
        if line <= before + length:
            return name, line - before
        before += length
    return script.name, line - before + 1


def findings(output: str, known: dict[str, Script]) -> list[Finding]:
    """What luacheck printed; something unused counts if no script that has the file uses it."""
    found: dict[Finding, set[str]] = defaultdict(set)
    for warning in map(_WARNING.fullmatch, output.splitlines()):
        if warning:
            name = warning["path"]
            file, line = position_in_source(known[name], int(warning["line"]))
            found[Finding(file, line, warning["code"], warning["text"])].add(name)
    return sorted(
        finding
        for finding, names in found.items()
        if finding.code != _UNUSED or names == {name for name in known if finding.file in known[name].parts}
    )


def unused_files(known: Iterable[Script]) -> list[str]:
    used = {name for script in known for name in script.parts}
    files = {str(path.relative_to(SOURCES).with_suffix("")) for path in SOURCES.rglob("*.lua")}
    return sorted(files - used)


def lint() -> Iterator[str]:
    known = all_scripts()
    yield from (f"{name}.lua is part of no script" for name in unused_files(known.values()))
    luacheck = shutil.which("luacheck")
    if luacheck is None:
        print(NO_LUACHECK)
        return
    for name, script in known.items():
        path = ASSEMBLED / f"{name}.lua"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script.source)
    assembled = _output_of(luacheck, *(f"{name}.lua" for name in known), cwd=ASSEMBLED)
    yield from map(str, findings(assembled, known))
    yield from _output_of(luacheck, str(WHOLE.relative_to(ROOT)), cwd=ROOT).splitlines()


def _output_of(luacheck: str, *files: str, cwd: Path) -> str:
    options = ["--config", str(ROOT / ".luacheckrc"), "--formatter", "plain", "--codes", "--no-color"]
    checked = subprocess.run(
        [luacheck, *options, *files], cwd=cwd, capture_output=True, check=False, text=True
    )
    if checked.returncode not in _REPORTED:
        print(checked.stderr.strip() or checked.stdout.strip(), file=sys.stderr)
        checked.check_returncode()
    return checked.stdout


def format_sources(*options: str) -> Iterator[str]:
    if not STYLUA.exists():
        print(NO_STYLUA)
        return
    formatted = subprocess.run(
        [STYLUA, *options, SOURCES, WHOLE], cwd=ROOT, capture_output=True, check=False, text=True
    )
    if formatted.returncode:
        yield (formatted.stdout + formatted.stderr).strip()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.lua_scripts", description=__doc__)
    parser.add_argument("--fix", action="store_true", help="format the files")
    if parser.parse_args(arguments).fix:
        problems = list(format_sources())
    else:
        problems = [*lint(), *format_sources("--check")]
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
