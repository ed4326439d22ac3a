"""A screen that looks again and again."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from internal.domain.errors import DomainError
from internal.infrastructure.cli.dash.confirm_screen import ConfirmScreen
from internal.infrastructure.cli.dash.failed import Failed
from internal.infrastructure.cli.dash.lines import fitted, plain
from internal.infrastructure.cli.dash.source import Source
from internal.infrastructure.cli.dash.table import Line
from internal.ports.unavailable import Unavailable

# An operator can read the result of an action for this long.
SHOWN_FOR = 10.0  # seconds

Seen = TypeVar("Seen")


class LiveScreen(Screen[None], Generic[Seen]):
    """While Redis is away it keeps what it saw last, and says so in its last line but one."""

    KEYS: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "back", show=False)]

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source
        self.seen: Seen | None = None
        self._seen_at: datetime | None = None
        self._problem = ""
        self._note = ""
        self._noted = 0
        self._wanted = asyncio.Event()

    # Each screen has these four. The metaclass of Textual allows no abstract methods.

    async def ask(self) -> Seen:
        """What the screen shows. The cost does not depend on the number of tasks."""
        raise NotImplementedError

    def fill(self, seen: Seen) -> None:
        raise NotImplementedError

    def body(self) -> ComposeResult:
        raise NotImplementedError

    def heading(self) -> str:
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield Line(id="heading")
        yield from self.body()
        yield Line(id="status")
        yield Line(id="keys")

    def on_mount(self) -> None:
        self.run_worker(self._look_again_and_again())
        self._show_frame()

    def on_screen_resume(self) -> None:
        self.look_now()

    def on_resize(self) -> None:
        self._show()

    def look_now(self) -> None:
        self._wanted.set()

    def note(self, text: str) -> None:
        """Show the result of an action for a while, on the screen that the operator sees by then."""
        seen = self.app.screen
        (seen if isinstance(seen, LiveScreen) else self).keep_note(text)

    def keep_note(self, text: str) -> None:
        self._note = text
        self._noted += 1
        number = self._noted
        self._show_frame()
        self.set_timer(SHOWN_FOR, lambda: self._forget(number))

    def act(self, question: str, action: Callable[[], Awaitable[str]]) -> None:
        """Ask, then act. `action` says what it did. It goes on if the operator leaves the screen."""

        async def agreed() -> None:
            try:
                self.note(await action())
            except (DomainError, Unavailable) as error:
                self.note(f"Not done: {error}")
            self.source.snapshots.forget()
            self.look_now()

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - Textual's signature
            if yes:
                self.app.run_worker(self._reporting(agreed()))

        self.app.push_screen(ConfirmScreen(question), answered)

    def action_back(self) -> None:
        self.app.pop_screen()

    async def _look_again_and_again(self) -> None:
        while True:
            if self.is_current:
                await self._reporting(self._look())
            self._wanted.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), self.source.every.total_seconds())

    async def _look(self) -> None:
        try:
            self.seen = await self.ask()
        except Unavailable as error:
            self._problem = f"No answer: {error}."
        except DomainError as error:
            self._problem = f"{error.message}."
        else:
            self._seen_at = self.source.tools.clock.now()
            self._problem = ""
        self._show()

    async def _reporting(self, work: Awaitable[None]) -> None:
        with self._unexpected_errors_end_the_app():
            await work

    @contextmanager
    def _unexpected_errors_end_the_app(self) -> Iterator[None]:
        """Textual would print the variables of every frame, with what tasks contain."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the command raises it once the terminal is its own again
            self.app.exit(Failed(error))

    def _show(self) -> None:
        if self._has_its_parts and self.seen is not None:
            self.fill(self.seen)
        self._show_frame()

    @property
    def _has_its_parts(self) -> bool:
        """An answer may come after the operator has left the screen, and its parts are gone by then."""
        return self in self.app.screen_stack and bool(self.query("#heading") and self.query("#keys"))

    def _show_frame(self) -> None:
        if not self._has_its_parts:
            return
        width = self.app.size.width - 2
        self.query_one("#heading", Line).say(self._headline(width))
        status = fitted(self._status(), width)
        self.query_one("#status", Line).say(status, "reverse" if self._problem and not self._note else "")
        self.query_one("#keys", Line).say(fitted(self.KEYS, width))

    def _headline(self, width: int) -> str:
        """The name of the screen, and the services in use if there is room."""
        left, right = fitted(plain(self.heading()), width), plain(self.source.target)
        room = width - cell_len(left) - len(right)
        return f"{left}{' ' * room}{right}" if room > 1 else left

    def _status(self) -> str:
        if self._note:
            return plain(self._note)
        if self._problem:
            since = f" Figures of {_time(self._seen_at)}." if self._seen_at else ""
            return f"! {plain(self._problem)}{since}"
        every = f"{self.source.every.total_seconds():g} s"
        return f"{_time(self._seen_at)} UTC, every {every}" if self._seen_at else "Reading ..."

    def _forget(self, number: int) -> None:
        if number == self._noted:
            self._note = ""
            self._show_frame()


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S}" if at else ""
