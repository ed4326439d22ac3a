"""The tree that docs/architecture.md draws, and the one on the disk.

`python -m tests.support.architecture_tree` draws the page's tree again, with the descriptions that it has: of
folders, and of files whose name does not say enough (`name: description`).
"""

import re
from pathlib import Path
from textwrap import wrap

from tests.support.documented_examples import ARCHITECTURE, ROOT

Folders = dict[str, list[str]]

_TREE = re.compile(r"(?<=```text\n)cmd/.*?(?=```)", re.DOTALL)
_FOLDER = re.compile(r"( *)(\w+)/ *(.*)")
_DESCRIBED_FILE = re.compile(r" *(\w+): (.*)")
_SOURCES = ("*.py", "*.lua")
_WIDTH = 110
_DESCRIPTION_AT = 21  # columns
# Folders whose files the tree does not name: each migration adds one, and `make proto` writes the others.
_UNNAMED = {
    "internal/infrastructure/database/migrations/versions",
    "internal/infrastructure/grpc/generated",
}


def drawn() -> Folders:
    return _read()[0]


def on_disk() -> Folders:
    sources = [path for top in ("cmd", "internal") for kind in _SOURCES for path in (ROOT / top).rglob(kind)]
    folders = {
        folder.relative_to(ROOT) for path in sources for folder in path.parents if folder.is_relative_to(ROOT)
    }
    names = {folder.as_posix() for folder in folders - {Path()}}
    return {name: _files_in(ROOT / name) for name in names if not _is_inside_unnamed(name)}


def _is_inside_unnamed(folder: str) -> bool:
    return any(folder.startswith(f"{unnamed}/") for unnamed in _UNNAMED)


def _files_in(folder: Path) -> list[str]:
    if folder.relative_to(ROOT).as_posix() in _UNNAMED:
        return []
    return sorted(path.stem for kind in _SOURCES for path in folder.glob(kind) if path.stem != "__init__")


def _read() -> tuple[Folders, dict[str, str]]:
    """The files of each folder, and the descriptions of folders and files, in the page's order."""
    files: Folders = {}
    descriptions: dict[str, str] = {}
    path: list[str] = []
    for line in _TREE.findall(ARCHITECTURE.read_text())[0].splitlines():
        if folder := _FOLDER.fullmatch(line):
            path = [*path[: len(folder[1]) // 2], folder[2]]
            files["/".join(path)] = []
            descriptions["/".join(path)] = folder[3]
        elif file := _DESCRIBED_FILE.fullmatch(line):
            files["/".join(path)].append(file[1])
            descriptions[f"{'/'.join(path)}:{file[1]}"] = file[2]
        else:
            files["/".join(path)] += line.split()
    return {folder: sorted(names) for folder, names in files.items()}, descriptions


def _lines(folder: str, descriptions: dict[str, str], folders: Folders) -> list[str]:
    indent = "  " * folder.count("/")
    head = f"{indent}{folder.rpartition('/')[2]}/"
    described = {name: descriptions.get(f"{folder}:{name}") for name in folders[folder]}
    names = wrap(
        "  ".join(name for name, description in described.items() if not description),
        _WIDTH,
        initial_indent=f"{indent}    ",
        subsequent_indent=f"{indent}    ",
    )
    inner = [name for name in folders if name.rpartition("/")[0] == folder]
    order = list(descriptions)
    inner.sort(key=lambda name: (order.index(name) if name in order else len(order), name))
    return [
        f"{head:<{_DESCRIPTION_AT}}{descriptions.get(folder, '')}".rstrip(),
        *names,
        *(f"{indent}    {name}: {description}" for name, description in described.items() if description),
        *(line for name in inner for line in _lines(name, descriptions, folders)),
    ]


def main() -> None:
    _, descriptions = _read()
    tree = "\n".join(line for top in ("cmd", "internal") for line in _lines(top, descriptions, on_disk()))
    ARCHITECTURE.write_text(_TREE.sub(lambda _: f"{tree}\n", ARCHITECTURE.read_text(), count=1))


if __name__ == "__main__":
    main()
