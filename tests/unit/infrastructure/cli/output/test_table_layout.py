import pytest
from rich.cells import cell_len

from internal.infrastructure.cli.output.table_layout import GAP, SHORTEST, Column, fit_to_width

COLUMNS = (
    Column("ID"),
    Column("NAME", is_text=True),
    Column("AGE", is_optional=True),
    Column("ERROR", is_text=True),
)
ROW = ("id-" + "x" * 20, "n" * 30, "a" * 10, "e" * 100)


def total(rows: list[list[str]]) -> int:
    return max(sum(cell_len(cell) for cell in row) + GAP * (len(row) - 1) for row in rows)


@pytest.mark.parametrize("width", [200, 120, 80, 60])
def test_a_table_takes_no_more_than_there_is(width: int) -> None:
    _, [row] = fit_to_width(COLUMNS, [ROW], width=width)

    assert total([list(row)]) <= width
    assert row[0] == ROW[0]


def test_all_is_shown_where_there_is_room() -> None:
    columns, rows = fit_to_width(COLUMNS, [ROW], width=1000)

    assert (tuple(columns), [tuple(row) for row in rows]) == (COLUMNS, [ROW])


def test_the_longest_text_is_shortened_first() -> None:
    _, [row] = fit_to_width(COLUMNS, [ROW], width=120)

    assert row[1] == ROW[1]
    assert row[3].endswith("e…")


def test_optional_columns_go_before_texts_become_too_short() -> None:
    columns, [row] = fit_to_width(COLUMNS, [ROW], width=60)

    assert [column.title for column in columns] == ["ID", "NAME", "ERROR"]
    assert all(cell_len(cell) >= SHORTEST for cell in row)


def test_an_id_stays_whole_however_narrow_the_terminal() -> None:
    _, [row] = fit_to_width(COLUMNS, [ROW], width=20)

    assert row[0] == ROW[0]


def test_wide_characters_count_twice() -> None:
    _, [row] = fit_to_width([Column("NAME", is_text=True)], [["漢" * 30]], width=31)

    assert cell_len(row[0]) <= 31
