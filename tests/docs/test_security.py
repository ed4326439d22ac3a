"""docs/security.md: each promise has a row, and each test that a row names exists."""

import re

import pytest

from tests.support.documented_examples import ROOT, SECURITY, table

IDS = {
    "input": [f"I{number:02}" for number in range(1, 31)],
    "accounts": [f"A{number:02}" for number in range(1, 31)],
    "pages": [f"P{number:02}" for number in range(1, 11)],
}
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


# Each id, and the cell that names its tests.
ROWS = [(identifier, shown_by) for name in IDS for identifier, _, shown_by in table(SECURITY, name)]


@pytest.mark.parametrize("name", IDS)
def test_every_promise_has_one_row(name: str) -> None:
    assert [identifier for identifier, *_ in table(SECURITY, name)] == IDS[name]


@pytest.mark.parametrize(("identifier", "shown_by"), ROWS, ids=[identifier for identifier, _ in ROWS])
def test_the_tests_of_a_row_exist(identifier: str, shown_by: str) -> None:
    named = NAMED.findall(shown_by)

    assert ", ".join(f"`{path}::{test}`" for path, test in named) == shown_by, identifier
    for path, test in named:
        assert re.search(rf"^(async )?def {test}\(", (ROOT / "tests" / path).read_text(), re.MULTILINE), test
