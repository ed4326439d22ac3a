"""The names that the environment and the file `.env` set. pydantic-settings reads their values."""

import os
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

ENCODING = "utf-8-sig"  # some editors begin a file with a byte order mark


class UnreadableFile(Exception):
    """`problems` has one line per problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def names_given() -> frozenset[str]:
    """The names of the environment that have a value, in capitals."""
    return frozenset(name.upper() for name, value in os.environ.items() if value)


def located(problem: str, file: Path, *, names: frozenset[str]) -> str:
    """Add the file to the line `NAME: problem` if the file sets that name."""
    name, _, message = problem.partition(": ")
    return f"{name} in {file}: {message}" if name in names else problem


def names_in(path: Path) -> frozenset[str]:
    """The names of the file that have a value, in capitals. A missing file has none.

    Raises:
        UnreadableFile: the file is not text, or a line is not NAME=value.
    """
    try:
        text = path.read_text(encoding=ENCODING)
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise UnreadableFile([f"{path}: cannot be read ({error.strerror})"]) from error
    except UnicodeError as error:
        raise UnreadableFile([f"{path}: is not UTF-8"]) from error
    bindings = list(parse_stream(StringIO(text)))
    wrong = [each for each in bindings if each.error or (each.key is not None and each.value is None)]
    if wrong:
        raise UnreadableFile([f"{path}: line {_line(each)} is not NAME=value" for each in wrong])
    return frozenset(each.key.upper() for each in bindings if each.key is not None and each.value)


def _line(binding: Binding) -> int:
    """The number of the line itself. The parser counts from the blank lines before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
