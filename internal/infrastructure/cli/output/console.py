"""Output of the commands, on a terminal or into a pipe."""

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from internal.infrastructure.escape import escape

# Importing Rich takes a tenth of a second, and few commands print a table.
if TYPE_CHECKING:
    from internal.infrastructure.cli.output.table_layout import Column, Rows

PROGRAM = "cmd.admin"
UNLIMITED = 100_000


def show_json(document: Mapping[str, Any]) -> None:
    """Print ASCII only, so that a payload cannot send control codes to the terminal."""
    typer.echo(json.dumps(document, indent=2))


def clear_screen() -> None:
    """Begin the next screen; in a pipe, leave an empty line."""
    typer.echo("\x1b[H\x1b[2J" if sys.stdout.isatty() else "", nl=not sys.stdout.isatty())


def print_line(text: str) -> None:
    typer.echo(escape(text))


def print_error(text: str) -> None:
    """Print one line to standard error."""
    typer.echo(f"{PROGRAM}: {escape(text)}", err=True)


def show_table(columns: Sequence["Column"], rows: "Rows", *, empty: str) -> None:
    """Print the rows, or `empty` without rows."""
    from rich.table import Table  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415 - see above

    from internal.infrastructure.cli.output.table_layout import GAP, fit_to_width  # noqa: PLC0415 - see above

    if not rows:
        print_line(empty)
        return
    safe = [[escape(cell) for cell in row] for row in rows]
    shown, cells = fit_to_width(columns, safe, width=_width())
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for column in shown:
        table.add_column(column.title, justify="right" if column.is_number else "left", no_wrap=True)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    _print(table)


def show_fields(fields: Sequence[tuple[str, str]]) -> None:
    """Print one field per line. Further lines of a value are indented to its first one."""
    indent = max(len(name) for name, _ in fields) + 2
    for name, value in fields:
        first, *others = escape(value, keep_lines=True).split("\n")
        typer.echo("\n".join([f"{name:<{indent}}{first}", *(" " * indent + line for line in others)]))


def _width() -> int:
    """The width of the terminal. A pipe has no limit unless COLUMNS is set."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        return shutil.get_terminal_size().columns
    return UNLIMITED


def _print(table: Any) -> None:
    from rich.console import Console  # noqa: PLC0415 - see above

    color = None if os.environ.get("NO_COLOR") else "auto"
    console = Console(color_system=color, markup=False, highlight=False, emoji=False, width=UNLIMITED)  # type: ignore[arg-type]  # mypy widens "auto"
    console.print(table, soft_wrap=True)
