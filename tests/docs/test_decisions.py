"""docs/adr: each decision has a status, a date and four sections, and the architecture page lists it."""

import re
from pathlib import Path

import pytest

from tests.support.documented_examples import ARCHITECTURE, ROOT

DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives"]
HEAD = re.compile(r"# (\d+)\. .+\n\nStatus: (accepted|superseded by)\b.*\n\nDate: \d{4}-\d\d-\d\d\n")

for_every_decision = pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)


@for_every_decision
def test_it_has_a_number_a_status_and_a_date(page: Path) -> None:
    head = HEAD.match(page.read_text())

    assert head
    assert int(head[1]) == int(page.name[:4])


@for_every_decision
def test_it_has_the_four_sections_in_order(page: Path) -> None:
    assert re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE) == SECTIONS


@for_every_decision
def test_it_decides_in_two_sentences(page: Path) -> None:
    decision = page.read_text().partition("## Decision\n")[2].partition("## ")[0].partition("\n|")[0]

    assert len(re.findall(r"\.(?=\s)", decision)) == 2


def test_the_architecture_page_lists_every_decision_by_its_title() -> None:
    listed = re.findall(r"^\d+\. \[(.+)\]\(adr/(\S+\.md)\)", ARCHITECTURE.read_text(), re.MULTILINE)

    titles = {page.name: page.read_text().split("\n")[0].partition(". ")[2] for page in DECISIONS}
    assert {name: title for title, name in listed} == titles
