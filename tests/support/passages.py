"""The passages that people read: documents, comments, docstrings, messages and test names."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
CODE = "CODE"  # replaces a piece of code in a sentence

_FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_HTML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MARKDOWN_NOISE = [
    (re.compile(r"``[^`]+``|`[^`\n]*(?:\n[^`\n]*)?`"), CODE),
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"<https?://[^>]*>|https?://\S+"), CODE),
    (re.compile(r"\*\*|\*(?=\w)|(?<=\w)\*"), ""),
]
_NEW_PASSAGE = re.compile(r"^\s*(?:$|[|#>]|[-*+] |\d+\. )")
_LINT_MARK = re.compile(r"^(?:noqa: ?[A-Z0-9, ]+|type: ignore\[[\w, -]+\])(?: [-#])?")
_TEMPLATE_NOISE = re.compile(r"<style.*?</style>|<[^>]*>|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LEAST_WORDS_OF_A_MESSAGE = 3


class Passage(NamedTuple):
    line: int
    text: str
    is_prose: bool = True  # sentences, as opposed to a title, a cell, a message or a name


@cache
def files() -> list[Path]:
    """Return every file of the repository that has a reader."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = sorted(set(listed.stdout.splitlines()))
    return [ROOT / name for name in names if (ROOT / name).is_file() and _reader(Path(name)) is not None]


@cache
def passages(path: Path) -> list[Passage]:
    return passages_of(str(path.relative_to(ROOT)), path.read_text())


def passages_of(name: str, text: str) -> list[Passage]:
    """Return the passages of a text; `name`, the path from the root, tells its kind."""
    read = _reader(Path(name))
    assert read is not None, name
    found = [passage._replace(text=" ".join(passage.text.split())) for passage in read(text)]
    return [passage for passage in found if passage.text]


def _reader(path: Path) -> Callable[[str], Iterator[Passage]] | None:
    if path.suffix == ".py":
        return _python_of_tests if path.parts[0] == "tests" else _python
    if path.suffix in {".txt", ".html"} and path.parent.name != "templates":
        return None
    return _READERS.get(path.suffix) or _READERS.get(path.name)


def _markdown(text: str) -> Iterator[Passage]:
    for pattern in (_FENCE, _HTML_COMMENT):
        text = pattern.sub(lambda match: "\n" * match[0].count("\n"), text)
    for first, lines in _paragraphs(text.splitlines()):
        if lines[0].lstrip().startswith("|"):
            cells = _plain(lines[0]).strip().strip("|").split("|")
            yield from (Passage(first, cell, is_prose=False) for cell in cells)
        else:
            is_title = lines[0].startswith("#")
            plain = _plain("\n".join(lines))
            yield Passage(first, re.sub(r"^\s*(?:#+|>|[-*+]|\d+\.)\s+", "", plain), is_prose=not is_title)


def _paragraphs(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each paragraph, list item or row with the number of its first line."""
    begun: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if begun and _NEW_PASSAGE.match(line):
            yield number - len(begun), begun
            begun = []
        if line.strip():
            begun.append(line)
            if line.lstrip()[0] in "|#":
                yield number, begun
                begun = []


def _plain(text: str) -> str:
    for pattern, replacement in _MARKDOWN_NOISE:
        text = pattern.sub(replacement, text)
    return text


def _python(text: str) -> Iterator[Passage]:
    yield from _python_comments(text)
    yield from _docstrings(text)
    yield from _messages(text)


def _python_of_tests(text: str) -> Iterator[Passage]:
    yield from _python_comments(text)
    yield from _docstrings(text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield Passage(node.lineno, node.name.removeprefix("test_").replace("_", " ").capitalize())


def _python_comments(text: str) -> Iterator[Passage]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    found = [(token.start[0], token.string, token.line) for token in tokens if token.type == tokenize.COMMENT]
    yield from _joined((number, text.lstrip("#! "), line.strip() == text) for number, text, line in found)


def _joined(comments: Iterator[tuple[int, str, bool]]) -> Iterator[Passage]:
    """Join comments on adjacent lines into one passage."""
    begun: list[str] = []
    first = last = 0
    for number, comment, is_alone in comments:
        text = _LINT_MARK.sub("", comment)
        if begun and is_alone and number == last + 1:
            begun.append(text)
        else:
            yield Passage(first, _plain("\n".join(begun)))
            begun, first = [text], number
        last = number if is_alone else 0
    yield Passage(first, _plain("\n".join(begun)))


def _docstrings(text: str) -> Iterator[Passage]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node)
            for first, lines in _paragraphs((docstring or "").splitlines()):
                line = node.body[0].lineno + first - 1
                yield Passage(line, _plain("\n".join(lines)))


def _messages(text: str) -> Iterator[Passage]:
    """Yield the strings with several words, which are mostly messages. Placeholders are code."""
    tree = ast.parse(text)
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inner | documented:
            continue
        if isinstance(node, ast.JoinedStr):
            message = "".join(str(p.value) if isinstance(p, ast.Constant) else CODE for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            message = node.value
        else:
            continue
        if len(message.split()) >= _LEAST_WORDS_OF_A_MESSAGE:
            yield Passage(node.lineno, _plain(message), is_prose=False)


def _line_comments(mark: str) -> Callable[[str], Iterator[Passage]]:
    pattern = re.compile(rf"(?:^|\s){re.escape(mark)}+ (.*)$")

    def read(text: str) -> Iterator[Passage]:
        found = ((n, line, pattern.search(line)) for n, line in enumerate(text.splitlines(), start=1))
        yield from _joined(
            (n, match[1], line.strip().startswith(mark)) for n, line, match in found if match is not None
        )

    return read


def _template(text: str) -> Iterator[Passage]:
    yield Passage(1, _TEMPLATE_NOISE.sub(CODE, text))


_READERS: dict[str, Callable[[str], Iterator[Passage]]] = {
    ".md": _markdown,
    ".lua": _line_comments("--"),
    ".html": _template,
    ".txt": _template,
    ".toml": _line_comments("#"),
    ".yml": _line_comments("#"),
    ".yaml": _line_comments("#"),
    ".sh": _line_comments("#"),
    ".env.example": _line_comments("#"),
    ".editorconfig": _line_comments("#"),
    "Dockerfile": _line_comments("#"),
    "Makefile": _line_comments("#"),
}
