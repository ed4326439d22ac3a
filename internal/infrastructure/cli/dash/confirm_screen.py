from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from internal.infrastructure.cli.dash.lines import plain
from internal.infrastructure.cli.dash.table import Line

_LONGEST = 400


class ConfirmScreen(ModalScreen[bool]):
    """Asks before an action. Only `y` agrees."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", show=False),
        Binding("n,N,q,escape,enter", "answer(False)", show=False),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        yield Line(id="question")

    def on_mount(self) -> None:
        self.query_one("#question", Line).say(f"{plain(self._question, _LONGEST)}\n\ny yes   n no")

    def action_answer(self, yes: bool) -> None:  # noqa: FBT001 - Textual's signature
        self.dismiss(yes)
