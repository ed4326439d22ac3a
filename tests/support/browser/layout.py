from playwright.sync_api import Page

from tests.support.browser.pages import NARROW

_TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth;
    const ends = element => element.getBoundingClientRect().right;
    return document.documentElement.scrollWidth <= width ? [] :
        [...document.body.querySelectorAll("*")].filter(element => ends(element) > width)
            .map(element => element.outerHTML.slice(0, 80));
}"""


def assert_no_sideways_scrolling(page: Page, *, width: int = NARROW) -> None:
    """Require that a window of this width shows the page's whole width."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": 900})
    too_wide = page.evaluate(_TOO_WIDE)
    assert not too_wide, f"{page.url} scrolls sideways at {width} pixels: {too_wide}"
    if before:
        page.set_viewport_size(before)
