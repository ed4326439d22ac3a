"""A page by keyboard alone."""

from playwright.sync_api import Locator, Page, expect

MOST_STOPS = 200

# A page may have focused one of its fields.
_GO_TO_THE_START = """() => {
    document.documentElement.tabIndex = -1;
    document.documentElement.focus();
    document.documentElement.removeAttribute("tabindex");
}"""
_FOCUSED = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const label = element.labels?.[0]?.innerText || element.ariaLabel || element.title;
    return {
        name: (label || element.innerText || element.value || "").trim(),
        // The focus is on a part of the frame.
        isMarked: element.matches("iframe") || style.outlineStyle !== "none" || style.boxShadow !== "none",
        isInView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
}"""


def press_through(page: Page) -> list[str]:
    """Press Tab from the start of the page to its end, and return the names of the stops.

    Every stop must be in view and marked as focused.
    """
    page.evaluate(_GO_TO_THE_START)
    stops: list[str] = []
    while len(stops) < MOST_STOPS:
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused is None:
            return stops
        assert focused["name"], f"stop {len(stops)} of {page.url} has no name"
        assert focused["isMarked"], f"{focused['name']} of {page.url} does not show the focus"
        assert focused["isInView"], f"{focused['name']} of {page.url} is out of view"
        stops.append(focused["name"])
    raise AssertionError(f"{page.url} has more than {MOST_STOPS} stops, or the focus is caught: {stops[-3:]}")


def tab_to(found: Locator) -> None:
    """Press Tab until this has the focus. The first field of a form may have it already."""
    page = found.page
    expect(found).to_be_visible()
    for _ in range(MOST_STOPS):
        if found.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {found}")


def press_enter_on(found: Locator) -> None:
    tab_to(found)
    found.page.keyboard.press("Enter")
