"""What the commands print, on a terminal or into a pipe."""

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from internal.infrastructure.cli.output.escape import escape

if TYPE_CHECKING:  # importing Rich takes a tenth of a second, and not every command draws
    from internal.infrastructure.cli.output.table_layout import Column, Rows

PROGRAM = "cmd.admin"
UNLIMITED = 100_000


def show_json(document: Mapping[str, Any]) -> None:
    """ASCII only, so that no terminal obeys what is in it."""
    typer.echo(json.dumps(document, indent=2))


def say(text: str) -> None:
    typer.echo(escape(text))


def tell(problem: str) -> None:
    """One line for the person who asked."""
    typer.echo(f"{PROGRAM}: {escape(problem)}", err=True)


def show_table(columns: Sequence["Column"], rows: "Rows", *, empty: str) -> None:
    """Print the rows, or `empty` if there are none."""
    from rich.table import Table  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415 - see above

    from internal.infrastructure.cli.output.table_layout import GAP, fitted  # noqa: PLC0415 - see above

    if not rows:
        say(empty)
        return
    safe = [[escape(cell) for cell in row] for row in rows]
    shown, cells = fitted(columns, safe, width=_width())
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for column in shown:
        table.add_column(column.title, justify="right" if column.is_number else "left", no_wrap=True)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    _print(table)


def show_fields(fields: Sequence[tuple[str, str]]) -> None:
    """Print each field on a line; further lines of a text are indented to where it begins."""
    indent = max(len(name) for name, _ in fields) + 2
    for name, value in fields:
        first, *others = escape(value, keep_lines=True).split("\n")
        typer.echo("\n".join([f"{name:<{indent}}{first}", *(" " * indent + line for line in others)]))


def _width() -> int:
    """A pipe has no width, unless COLUMNS says so."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        return shutil.get_terminal_size().columns
    return UNLIMITED


def _print(table: Any) -> None:
    from rich.console import Console  # noqa: PLC0415 - see above

    color = None if os.environ.get("NO_COLOR") else "auto"
    console = Console(color_system=color, markup=False, highlight=False, emoji=False, width=UNLIMITED)  # type: ignore[arg-type]  # mypy widens "auto"
    console.print(table, soft_wrap=True)
