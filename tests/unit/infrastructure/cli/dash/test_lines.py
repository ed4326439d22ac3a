import pytest
from rich.cells import cell_len

from internal.infrastructure.cli.dash.lines import fitted, plain, slots_bar, spark_line, table_lines
from internal.infrastructure.cli.output.table_layout import Column

COLUMNS = (Column("NAME", is_text=True), Column("SIZE", is_number=True), Column("MORE", is_optional=True))


def test_lines_up_columns() -> None:
    title, lines = table_lines(COLUMNS, [("one", "1", "x"), ("three", "12,345", "y")], width=40)

    assert title == "NAME     SIZE  MORE"
    assert lines == ["one         1  x", "three  12,345  y"]


@pytest.mark.parametrize("width", [5, 12, 20, 30, 80])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    title, lines = table_lines(COLUMNS, [("宽" * 90, "1,000,000", "\x1b[31m"), ("x", "1", "")], width=width)

    assert max(map(cell_len, [title, *lines])) <= width


def test_escapes_and_cuts_a_text() -> None:
    assert plain("a\x1b[31m\nb\u202e") == r"a\x1b[31m\nb\u202e"
    assert len(plain("x" * 10_000)) == 200
    assert fitted("abcdef", 4) == "abc…"
    assert fitted("abcd", 4) == "abcd"


def test_a_single_event_is_visible_in_a_line() -> None:
    assert spark_line([0, 1, 500, 1000], highest=1000) == " ▁▄█"


@pytest.mark.parametrize(
    ("busy", "slots", "bar"),
    [
        (0, 10, "░░░░░░░░░░"),
        (1, 100, "█░░░░░░░░░"),
        (10, 10, "██████████"),
        (20, 10, "██████████"),
        (0, 0, "░░░░░░░░░░"),
    ],
)
def test_draws_the_busy_slots(busy: int, slots: int, bar: str) -> None:
    assert slots_bar(busy, slots) == bar
