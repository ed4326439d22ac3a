"""Tables and texts as plain lines. Names, errors and payloads are data: no markup, no control characters."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from internal.infrastructure.cli.output.table_layout import GAP, Column, Rows, fit_to_width
from internal.infrastructure.escape import cut, escape

# Characters of a cell. The width of the terminal cuts most texts before.
LONGEST_CELL = 200
_BARS = "▁▂▃▄▅▆▇█"


def plain(text: str, most: int = LONGEST_CELL) -> str:
    """On one line, without control and format characters, and cut."""
    return escape(cut(text, most))


def fitted(text: str, width: int) -> str:
    """The text, or as much of it as fits in the columns of a terminal."""
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)) + "…"


def table_lines(columns: Sequence[Column], rows: Rows, *, width: int) -> tuple[str, Sequence[str]]:
    """The line of the titles, and one line for each row."""
    safe = [[plain(cell) for cell in row] for row in rows]
    shown, cells = fit_to_width(columns, safe, width=width)
    titles = [column.title for column in shown]
    widths = [max(map(cell_len, texts)) for texts in zip(titles, *cells, strict=True)]
    title, *lines = [fitted(_line(shown, row, widths), width) for row in (titles, *cells)]
    return title, lines


def _line(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if column.is_number else set_cell_size(cell, width)
        for column, cell, width in zip(columns, cells, widths, strict=True)
    ]
    return (" " * GAP).join(padded).rstrip()


def spark_line(numbers: Sequence[int], *, highest: int) -> str:
    """One character for each number. Zero is a blank, so that a single event is visible."""
    return "".join(
        _BARS[min(number * len(_BARS) // (highest + 1), len(_BARS) - 1)] if number else " "
        for number in numbers
    )


def slots_bar(busy: int, slots: int, *, width: int = 10) -> str:
    filled = min(-(-busy * width // slots), width) if slots else 0
    return "█" * filled + "░" * (width - filled)
