"""Draw the terminal dashboard on a bad day, in 80 x 24. Its installation is all fakes."""

import asyncio
import re

from playwright.sync_api import Browser

from tests.support.burning_installation import burning_installation
from tests.support.dash_terminal import dash_on

NAME = "terminal-overview"
# The picture of Textual loads its font from the network.
_FONT_FACE = re.compile(r"@font-face \{.*?\}", re.DOTALL)


async def _picture() -> str:
    async with dash_on(await burning_installation(), every=2) as dash:
        await dash.sees("email:password-…")
        await dash.press("j")
        return dash.app.export_screenshot()


def terminal_as_svg() -> str:
    """Playwright runs a loop of its own, so call this before it."""
    return _FONT_FACE.sub("", asyncio.run(_picture())).replace("Fira Code", "DejaVu Sans Mono")


def terminal_as_png(browser: Browser, picture: str) -> bytes:
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    try:
        page.set_content(f"<body style='margin: 0'>{picture}</body>")
        return page.locator("svg").screenshot(omit_background=True)
    finally:
        page.close()
