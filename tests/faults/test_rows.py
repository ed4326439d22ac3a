"""Every row has a test, and the documentation has its target."""

import re
from pathlib import Path

from tests.support.faults.rows import ROWS

HERE = Path(__file__).parent
NAMED_AFTER_A_ROW = re.compile(r"^(?:async )?def test_(f\d\d)_", re.MULTILINE)


def test_every_row_has_a_test_that_is_named_after_it() -> None:
    tested = {
        name.upper()
        for file in HERE.glob("test_*.py")
        for name in NAMED_AFTER_A_ROW.findall(file.read_text())
    }

    assert tested == set(ROWS)


def test_every_row_is_reported_with_its_target() -> None:
    page = (HERE.parent.parent / "docs" / "reliability.md").read_text()

    for name, promise in ROWS.items():
        assert f"| {name} | {promise.fault} | {promise.target} |" in page
