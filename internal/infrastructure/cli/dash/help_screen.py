from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from internal.infrastructure.cli.dash.table import Line

HELP = """\
Move      Up/k Down/j    line            PgUp PgDn Home/g End/G
          Left/h Right/l state of tasks  n next page  p previous page
          Enter open     Esc/q back      Ctrl+L redraw  Ctrl+C quit

Screens   o overview     f failures      w workers      ? this help

Queue     P pause or resume
Task      r run now      a archive       d delete       c cancel
          v reveal personal data, which the audit records
Failures  r run          a archive       d delete the whole group
Worker    P quiet or resume              c cancel the chosen task

Every action asks first, and the audit has it: python -m cmd.admin audit

Esc closes this help."""


class HelpScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "dismiss", show=False),
    ]

    def compose(self) -> ComposeResult:
        yield Line(id="help")

    def on_mount(self) -> None:
        self.query_one("#help", Line).say(HELP)
