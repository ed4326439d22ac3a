"""docs/architecture.md: its tree is that of the disk, and the files of its walk-through exist."""

import re

import pytest

from tests.support.architecture_tree import drawn, on_disk
from tests.support.documented_examples import ARCHITECTURE, ROOT

TEXT = ARCHITECTURE.read_text()
INFRASTRUCTURE = ROOT / "internal" / "infrastructure"
REDRAW = "python -m tests.support.architecture_tree draws it again"


def test_the_tree_draws_every_folder() -> None:
    assert sorted(drawn()) == sorted(on_disk()), REDRAW


@pytest.mark.parametrize("folder", sorted(on_disk()))
def test_the_tree_names_every_file_of(folder: str) -> None:
    assert drawn().get(folder) == on_disk()[folder], REDRAW


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
