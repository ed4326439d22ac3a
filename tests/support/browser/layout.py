from playwright.sync_api import Page

from tests.support.browser.pages import NARROW, WIDE

_TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth;
    const ends = element => element.getBoundingClientRect().right;
    return document.documentElement.scrollWidth <= width ? [] :
        [...document.body.querySelectorAll("*")].filter(element => ends(element) > width)
            .map(element => element.outerHTML.slice(0, 80));
}"""

_WIDE_TABLES = """() => [...document.querySelectorAll(".table")]
    .filter(element => element.scrollWidth > element.clientWidth)
    .map(element => `${element.scrollWidth - element.clientWidth}: ${element.innerText.slice(0, 80)}`)"""


def assert_tables_fit(page: Page, *, width: int = WIDE) -> None:
    """Require that a window of this width shows all columns of each table."""
    page.set_viewport_size({"width": width, "height": 900})
    too_wide = page.evaluate(_WIDE_TABLES)
    assert not too_wide, f"{page.url} has tables that scroll sideways at {width} pixels: {too_wide}"


def assert_no_sideways_scrolling(page: Page, *, width: int = NARROW) -> None:
    """Require that a window of this width shows the page's whole width."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": 900})
    too_wide = page.evaluate(_TOO_WIDE)
    assert not too_wide, f"{page.url} scrolls sideways at {width} pixels: {too_wide}"
    if before:
        page.set_viewport_size(before)
