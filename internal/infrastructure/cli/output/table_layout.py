"""Fits a table to a terminal: drops optional columns, then shortens long texts."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

# Spaces between columns.
GAP = 2
# Texts keep at least this width.
SHORTEST = 12


@dataclass(frozen=True, slots=True)
class Column:
    """is_text: may be shortened, unlike an id. is_optional: may be dropped, the last one first."""

    title: str
    is_number: bool = False
    is_text: bool = False
    is_optional: bool = False


Rows = Sequence[Sequence[str]]


def fit_to_width(columns: Sequence[Column], rows: Rows, *, width: int) -> tuple[Sequence[Column], Rows]:
    """Return the columns to show and their cells. Columns that are neither optional nor text always stay."""
    columns, rows = _without_optional(columns, rows, width=width)
    widths = _widths(columns, rows)
    _shorten(widths, [place for place, column in enumerate(columns) if column.is_text], width=width)
    shortened = [[_cut(cell, to) for cell, to in zip(row, widths, strict=True)] for row in rows]
    return columns, shortened


def _shorten(widths: list[int], texts: Sequence[int], *, width: int) -> None:
    """Shorten the longest text until the table fits."""
    for place in texts:
        widths[place] = min(widths[place], width)
    while texts and _total(widths) > width:
        longest = max(texts, key=widths.__getitem__)
        if widths[longest] <= SHORTEST:
            break
        widths[longest] -= 1


def _without_optional(columns: Sequence[Column], rows: Rows, *, width: int) -> tuple[Sequence[Column], Rows]:
    shown = list(range(len(columns)))
    for place in reversed(range(len(columns))):
        if _total(_minimum_widths(columns, rows, shown)) <= width:
            break
        if columns[place].is_optional:
            shown.remove(place)
    return [columns[place] for place in shown], [[row[place] for place in shown] for row in rows]


def _minimum_widths(columns: Sequence[Column], rows: Rows, shown: Sequence[int]) -> list[int]:
    widths = _widths(columns, rows)
    return [min(widths[place], SHORTEST) if columns[place].is_text else widths[place] for place in shown]


def _widths(columns: Sequence[Column], rows: Rows) -> list[int]:
    return [
        max([cell_len(column.title), *(cell_len(row[place]) for row in rows)])
        for place, column in enumerate(columns)
    ]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"
