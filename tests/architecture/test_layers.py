"""The rules that the import contracts in pyproject.toml cannot express, and the most important one."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INTERNAL = ROOT / "internal"

python_files = sorted(INTERNAL.rglob("*.py"))
core_files = [file for file in python_files if file.parts[len(INTERNAL.parts)] != "infrastructure"]
use_case_files = sorted(
    file
    for file in (INTERNAL / "application").glob("*/*.py")
    if file.name != "__init__.py" and file.parent.name != "tasks"
)


def imported_packages(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            yield str(node.module).partition(".")[0]


def classes(file: Path) -> list[ast.ClassDef]:
    return [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)]


def is_protocol(node: ast.ClassDef) -> bool:
    names = (base.value if isinstance(base, ast.Subscript) else base for base in node.bases)
    return any(isinstance(name, ast.Name) and name.id == "Protocol" for name in names)


def relative(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", core_files, ids=relative)
def test_the_core_imports_only_itself_and_the_standard_library(file: Path) -> None:
    foreign = set(imported_packages(file)) - sys.stdlib_module_names - {"internal"}

    assert foreign == set()


def test_every_port_has_a_fake_of_the_same_name() -> None:
    ports = {file.name for file in (INTERNAL / "ports").glob("*.py") if any(map(is_protocol, classes(file)))}
    fakes = {file.name for file in (ROOT / "tests" / "fakes").glob("*.py")}

    assert ports
    assert ports - fakes == set()


@pytest.mark.parametrize("file", use_case_files, ids=relative)
def test_a_use_case_file_holds_the_one_verb_that_it_is_named_after(file: Path) -> None:
    verbs = [
        node.name
        for node in classes(file)
        if any(isinstance(part, ast.AsyncFunctionDef) and part.name == "__call__" for part in node.body)
    ]

    assert verbs == ["".join(word.capitalize() for word in file.stem.split("_"))]
