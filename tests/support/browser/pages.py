"""Pages, each in a browser context of its own: no cookie or stored value is shared."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser.watch import Watch

WIDE, NARROW = 1440, 390  # pixels
ANSWERS_WITHIN = 15_000  # milliseconds, on a busy machine

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a person looks at a page."""

    width: int = WIDE
    scheme: Scheme = "light"
    has_javascript: bool = True


def new_context(browser: Browser, url: str, look: Look) -> BrowserContext:
    context = browser.new_context(
        base_url=url,
        viewport={"width": look.width, "height": 900},
        color_scheme=look.scheme,
        java_script_enabled=look.has_javascript,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    context.set_default_timeout(ANSWERS_WITHIN)
    expect.set_options(timeout=ANSWERS_WITHIN)
    return context


@dataclass(frozen=True, slots=True)
class Visit:
    """A person on a site. `watch` has what went wrong on the person's pages."""

    page: Page
    watch: Watch


Visitor = Callable[[Look], Visit]


@contextmanager
def visit(browser: Browser, url: str, look: Look) -> Generator[Visit]:
    """Raise an AssertionError at the end if anything went wrong on the pages."""
    with new_context(browser, url, look) as context:
        watch = Watch(context, host=urlsplit(url).netloc)
        yield Visit(context.new_page(), watch)
    assert not watch.faults, "\n".join(watch.faults)
