"""The Chromium of the system, which Playwright steers. Playwright's own browsers are never downloaded."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NEEDS_CHROMIUM = "needs Chromium: apt install chromium"

_OPTIONS = (
    "--disable-gpu",
    "--disable-quic",
    # No page and no service of Chromium finds another host.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def chromium() -> str | None:
    """The program that CHROMIUM names, or the one of the system, if any."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


@contextmanager
def running_chromium(program: str) -> Generator[Browser]:
    """A browser without a window or a profile. While it is open, asyncio.run() fails in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()
