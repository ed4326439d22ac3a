"""The examples of a document, each below a comment `<!-- test: name -->`."""

import ast
import re
from collections.abc import Awaitable
from pathlib import Path
from textwrap import dedent
from typing import Any

ROOT = Path(__file__).parents[2]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
BACKGROUND_JOBS = ROOT / "docs" / "background-jobs.md"
OPERATIONS = ROOT / "docs" / "operations.md"
CONFIGURATION = ROOT / "docs" / "configuration.md"
PAGES = ROOT / "docs" / "pages.md"
RELIABILITY = ROOT / "docs" / "reliability.md"
SECURITY = ROOT / "docs" / "security.md"
TASK_ENGINE = ROOT / "docs" / "task-engine.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
README = ROOT / "README.md"

_FENCED = re.compile(r"^( *)(?:<!-- ([^\n]*) -->\n *)?```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"<!-- test: (\w+) -->\n((?:\|.*\n)+)")


def blocks(document: Path) -> dict[str, str]:
    """Return the examples by name. A block without a name needs a reason why no test runs it."""
    found = {}
    for _, comment, language, text in _FENCED.findall(document.read_text()):
        kind, _, name = comment.partition(": ")
        if kind == "test":
            found[name] = dedent(text)
        elif kind != "not run here":
            raise ValueError(f"nobody runs this {language}:\n{text}")
    return found


def table(document: Path, name: str) -> list[list[str]]:
    """Return the cells of a table, without its header."""
    text = dict(_TABLE.findall(document.read_text()))[name]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return rows[2:]


async def run(source: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run a block, which may await, and return its names."""
    code = compile(source, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, names)  # noqa: S307 - our own documentation
    if isinstance(result, Awaitable):
        await result
    return names
