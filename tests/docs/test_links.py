"""Every link of a document leads to a file of the repository, and to a heading that it has."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.documented_examples import ROOT

DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


def text_of(document: Path) -> str:
    return FENCED.sub("", document.read_text())


@cache
def anchors(document: Path) -> set[str]:
    """Return the anchors as GitHub makes them: lower case, no punctuation, dashes for spaces."""
    titles = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title) for title in HEADING.findall(text_of(document))]
    return {NOT_IN_ANCHORS.sub("", title.lower()).strip().replace(" ", "-") for title in titles}


def dead_links(document: Path) -> Iterator[str]:
    for link in LINK.findall(text_of(document)):
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if re.match(r"\w+:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    assert list(dead_links(document)) == []
