"""docs/architecture.md: its tree is that of the disk, and the files of its walk-through exist."""

import re
from pathlib import Path

import pytest

from tests.docs.blocks import ARCHITECTURE, ROOT

TEXT = ARCHITECTURE.read_text()
INFRASTRUCTURE = ROOT / "internal" / "infrastructure"
SOURCES = ("*.py", "*.lua")
# Folders whose files the tree does not name: each migration adds one.
UNNAMED = {"internal/infrastructure/database/migrations/versions"}


def drawn() -> dict[str, list[str]]:
    """The files of each folder, as the page draws them."""
    folders: dict[str, list[str]] = {}
    path: list[str] = []
    tree = re.findall(r"```text\n(cmd/.*?)```", TEXT, re.DOTALL)[0]
    for line in tree.splitlines():
        name, slash, _ = line.lstrip().partition("/")
        if slash and name.isidentifier():
            level = (len(line) - len(line.lstrip())) // 2
            path = [*path[:level], name]
            folders["/".join(path)] = []
        else:
            folders["/".join(path)] += line.split()
    return folders


def on_disk() -> dict[str, list[str]]:
    roots = [ROOT / "cmd", ROOT / "internal"]
    sources = [path for root in roots for pattern in SOURCES for path in root.rglob(pattern)]
    folders = {folder for path in sources for folder in path.parents if folder.is_relative_to(ROOT)}
    return {relative(folder): files_of(folder) for folder in folders - {ROOT}}


def relative(folder: Path) -> str:
    return folder.relative_to(ROOT).as_posix()


def files_of(folder: Path) -> list[str]:
    if relative(folder) in UNNAMED:
        return []
    return sorted(
        path.stem for pattern in SOURCES for path in folder.glob(pattern) if path.stem != "__init__"
    )


def test_the_tree_draws_every_folder() -> None:
    assert sorted(drawn()) == sorted(on_disk())


@pytest.mark.parametrize("folder", sorted(on_disk()))
def test_the_tree_names_every_file_of(folder: str) -> None:
    assert drawn().get(folder) == on_disk()[folder]


def test_the_walk_through_names_files_that_exist() -> None:
    _, _, rest = TEXT.partition("## A sign-up, one hop per file")
    walk, _, _ = rest.partition("\n## ")
    named = re.findall(r"`([\w/]+/\w+\.py)`", walk)

    missing = [
        path
        for path in named
        if not ((ROOT / "internal" / path).exists() or (INFRASTRUCTURE / path).exists())
    ]

    assert named
    assert missing == []


def test_it_lists_the_layers_of_the_import_contracts() -> None:
    contracts = (ROOT / "pyproject.toml").read_text()
    flat = " ".join(TEXT.split())

    for container in ("internal.infrastructure", "internal.infrastructure.taskqueue"):
        layers = contracts.partition(f'containers = ["{container}"]')[2].partition("layers = [")[2]
        names = re.findall(r'"(.+?)"', layers.partition("]")[0])
        assert f"`{' > '.join(names)}`" in flat
