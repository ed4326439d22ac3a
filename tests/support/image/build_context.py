"""What Docker sends to a build: the working tree without what .dockerignore excludes."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

_TOKENS = {
    "**/": "(?:.*/)?",
    "*": "[^/]*",
    "?": "[^/]",
}


class UnknownSyntax(Exception):
    """A pattern that this reading of .dockerignore does not cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    expression: re.Pattern[str]
    excludes: bool

    @classmethod
    def parse(cls, line: str) -> Self:
        glob = line.removeprefix("!").strip("/")
        if not re.fullmatch(r"[\w./*?\[\]-]+", glob):
            raise UnknownSyntax(line)
        tokens: list[str] = re.findall(r"\*\*/|\*|\?|\[[^]]+\]|[^*?\[]+", glob)
        expression = "".join(
            _TOKENS.get(token) or (token if token.startswith("[") else re.escape(token)) for token in tokens
        )
        return cls(expression=re.compile(expression), excludes=not line.startswith("!"))


class DockerIgnore:
    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        self._patterns = [Pattern.parse(line) for line in lines if line and not line.startswith("#")]

    def excludes(self, path: PurePosixPath) -> bool:
        """Whether the last pattern that matches `path`, or a directory above it, excludes it."""
        candidates = [str(candidate) for candidate in (path, *path.parents) if candidate.name]
        for pattern in reversed(self._patterns):
            if any(pattern.expression.fullmatch(candidate) for candidate in candidates):
                return pattern.excludes
        return False


def export_context(tree: Path, destination: Path) -> None:
    """Copy what a build of `tree` would get to see; git is not asked, as Docker does not ask it."""
    ignore = DockerIgnore((tree / ".dockerignore").read_text())
    for directory, _, names in os.walk(tree):
        for name in names:
            source = Path(directory, name)
            path = source.relative_to(tree)
            if not ignore.excludes(PurePosixPath(path)):
                (destination / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, destination / path, follow_symlinks=False)
