"""A list of lines below a title line. The chosen one stays chosen while the lines change."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.style import Style
from textual.widgets import OptionList, Static

from internal.infrastructure.cli.dash.lines import plain, table_lines
from internal.infrastructure.cli.output.table_layout import Column

# Columns beside the lines: one on each side, and one for the bar that shows where a long list is.
MARGINS = 3


class Rows(OptionList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("g", "first", show=False),
        Binding("G", "last", show=False),
    ]

    def get_visual_style(self, *component_classes: str, partial: bool = False) -> Style:
        """Reverse the line under the cursor. Textual leaves that attribute of a style sheet out."""
        style = super().get_visual_style(*component_classes, partial=partial)
        return (
            style + Style(reverse=True) if "option-list--option-highlighted" in component_classes else style
        )


class Line(Static):
    """Text that is data: Textual's markup is off."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False)
        self._said: tuple[Text, object] | None = None

    def say(self, text: str | Text, style: str = "") -> None:
        """Show the text. If it is there already, this costs nothing on the way to the terminal."""
        said = Text(text, style=style) if isinstance(text, str) else text
        if (said, said.style) != self._said:
            self._said = (said, said.style)
            self.update(said)


class Table(Vertical):
    """`fill` gives every row a key, by which `chosen` names the row under the cursor."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._titles = Line(id=f"{id}-titles")
        self._titles.add_class("titles")
        self._rows = Rows(id=f"{id}-rows", markup=False, compact=True)
        self._keys: Sequence[str] = ()
        self._lines: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        yield self._titles
        yield self._rows

    @property
    def chosen(self) -> str | None:
        place = self._rows.highlighted
        return self._keys[place] if place is not None and place < len(self._keys) else None

    def fill(
        self, columns: Sequence[Column], rows: Sequence[tuple[str, Sequence[str]]], *, empty: str
    ) -> None:
        """Show the rows, or `empty` without rows."""
        if rows:
            cells = [row for _, row in rows]
            # An id may be any text, and would push all else off the screen. The screen of its row has it.
            narrow = [replace(column, is_text=True) if column.title == "ID" else column for column in columns]
            titles, lines = table_lines(narrow, cells, width=self.app.size.width - MARGINS)
        else:
            titles, lines = empty, ()
        self._titles.say(titles)
        self.put([key for key, _ in rows], lines)

    def put(self, keys: Sequence[str], lines: Sequence[str]) -> None:
        """Replace the lines. The cursor stays on its row, or at its place if the row is gone."""
        before, place = self.chosen, self._rows.highlighted or 0
        self._keys = keys
        if lines != self._lines:
            self._lines = lines
            self._rows.set_options(Text(line, no_wrap=True, overflow="ellipsis") for line in lines)
        if keys:
            at = keys.index(before) if before in keys else min(place, len(keys) - 1)
            self._rows.highlighted = at

    def say(self, text: str) -> None:
        self._titles.say(plain(text))
