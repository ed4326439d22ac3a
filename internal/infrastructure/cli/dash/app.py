"""The live dashboard in a terminal. It uses the terminal's own colours, and is readable without any."""

from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from internal.infrastructure.cli.dash.failed import Failed
from internal.infrastructure.cli.dash.failures_screen import FailuresScreen
from internal.infrastructure.cli.dash.help_screen import HelpScreen
from internal.infrastructure.cli.dash.overview_screen import OverviewScreen
from internal.infrastructure.cli.dash.source import Source
from internal.infrastructure.cli.dash.workers_screen import WorkersScreen

# Textual's own screen and the overview.
_LOWEST = 2


class DashApp(App[Failed]):
    CSS_PATH = "dash.tcss"
    TITLE = "cmd.admin dash"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("ctrl+l", "redraw", show=False, priority=True),
        Binding("o", "go('overview')", show=False),
        Binding("f", "go('failures')", show=False),
        Binding("w", "go('workers')", show=False),
        Binding("question_mark", "help", show=False),
    ]

    def __init__(self, source: Source) -> None:
        # From the start, so that NO_COLOR removes colours, not only their hues.
        super().__init__(ansi_color=True)
        self._source = source
        self.theme = "ansi-dark"

    def on_mount(self) -> None:
        self.push_screen(OverviewScreen(self._source))

    def action_go(self, name: str) -> None:
        while len(self.screen_stack) > _LOWEST:
            self.pop_screen()
        if name == "failures":
            self.push_screen(FailuresScreen(self._source))
        elif name == "workers":
            self.push_screen(WorkersScreen(self._source))

    def action_help(self) -> None:
        self.push_screen(HelpScreen())

    def action_redraw(self) -> None:
        self.refresh(layout=True)
