"""Every example and table of a document that claims to be tested is named by a test."""

import re
from pathlib import Path

import pytest

from tests.support.documented_examples import ROOT

NAME = re.compile(r"<!-- test: (\w+) -->")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TESTS = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_example_is_run(document: Path) -> None:
    names = NAME.findall(document.read_text())

    assert [name for name in names if not re.search(f"[\"']{name}[\"']", TESTS)] == []
