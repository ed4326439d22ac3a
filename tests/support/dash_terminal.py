"""The terminal dashboard on a screen that a test can read."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

from textual.pilot import Pilot

from internal.infrastructure.cli.command_needs import Tools
from internal.infrastructure.cli.dash.app import DashApp
from internal.infrastructure.cli.dash.failed import Failed
from internal.infrastructure.cli.dash.source import Source
from tests.support.operator_terminal import TARGET, FakeInstallation

WITHIN = 10.0  # seconds
_PIECE = re.compile(
    r'<text [^>]*?x="([\d.]+)"[^>]*?clip-path="url\(#[\w-]+-line-(\d+)\)"[^>]*>([^<]*)</text>'
)
_COLUMN = 12.2  # units of the picture


@dataclass
class Dash:
    app: DashApp
    pilot: Pilot[Failed]

    def lines(self) -> Sequence[str]:
        """The screen as text, without spaces at the ends of lines."""
        lines = [""] * self.app.size.height
        for x, line, text in _PIECE.findall(self.app.export_screenshot()):
            before = lines[int(line)]
            lines[int(line)] = before.ljust(round(float(x) / _COLUMN)) + unescape(text).replace("\xa0", " ")
        return [line.rstrip() for line in lines]

    @property
    def text(self) -> str:
        return "\n".join(self.lines())

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def sees(self, *texts: str) -> str:
        """Wait until all of these are on the screen."""
        return await self._until(lambda shown: all(text in shown for text in texts), " and ".join(texts))

    async def misses(self, text: str) -> str:
        """Wait until this is not on the screen."""
        return await self._until(lambda shown: text not in shown, f"no {text}")

    async def _until(self, holds: Callable[[str], bool], what: str) -> str:
        loop = asyncio.get_running_loop()
        end = loop.time() + WITHIN
        while not holds(shown := self.text):
            if loop.time() > end:
                raise AssertionError(f"{what} within {WITHIN} s:\n{shown}")
            await self.pilot.pause(0.02)
        return shown


@asynccontextmanager
async def dash_on(
    installation: FakeInstallation, *, size: tuple[int, int] = (80, 24), every: float = 0.05
) -> AsyncIterator[Dash]:
    async with installation.open() as tools, dash_with(tools, size=size, every=every) as dash:
        yield dash


@asynccontextmanager
async def dash_with(tools: Tools, *, size: tuple[int, int] = (80, 24), every: float) -> AsyncIterator[Dash]:
    app = DashApp(Source.of(tools, target=TARGET, every=timedelta(seconds=every)))
    async with app.run_test(size=size) as pilot:
        yield Dash(app, pilot)
