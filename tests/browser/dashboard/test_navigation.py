"""The links to all pages, beside each page or above it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboard.conftest import ADMIN
from tests.support.browser.backlog import QUEUE
from tests.support.browser.pages import NARROW, WIDE, Look, Visitor
from tests.support.browser.people import log_in
from tests.support.browser.site import Site

FEWEST = 9
_PLACES = """() => [...document.querySelectorAll(".nav a[data-key]")].map((link) => {
    const { x, y } = link.getBoundingClientRect();
    return [x, y];
})"""


@pytest.fixture(params=["/dashboard", f"/dashboard/tasks?queue={QUEUE}"])
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def places(page: Page) -> tuple[list[float], list[float]]:
    """How far each link is from the left and from the top."""
    found: list[list[float]] = page.evaluate(_PLACES)
    assert len(found) >= FEWEST
    return [x for x, _ in found], [y for _, y in found]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_all_links_are_in_one_column_or_one_row(
    visitor: Visitor, operated: Site, path: str, width: int
) -> None:
    page = visitor(Look(width=width)).page
    log_in(page, ADMIN)
    expect(page).to_have_url(f"{operated.url}/account")

    page.goto(path)

    left, top = places(page)
    same, growing = (left, top) if width == WIDE else (top, left)
    assert len(set(same)) == 1
    assert growing == sorted(set(growing))
