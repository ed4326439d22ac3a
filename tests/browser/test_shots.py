"""Rules for every page, in each state that `make screenshots` draws."""

import pytest
from playwright.sync_api import Page

from tests.support.browser.accessibility import assert_accessible
from tests.support.browser.keyboard import press_through
from tests.support.browser.layout import assert_no_sideways_scrolling
from tests.support.browser.pages import Visit
from tests.support.browser.site import Site
from tools.screenshots import FOLDER, HEIGHTS
from tools.shots import SHOTS, Shot
from tools.terminal_shot import NAME as TERMINAL

# Other files check these: the parts of the API page that are ours, and a page with a frame.
ELSEWHERE = {"api", "mail"}
OURS = [shot for shot in SHOTS if shot.name not in ELSEWHERE]


@pytest.fixture
def page(visited: Visit, site: Site, shot: Shot) -> Page:
    visited.watch.allowed = {404}
    shot.show(visited.page, site)
    return visited.page


@pytest.mark.parametrize("shot", OURS, ids=lambda shot: shot.name)
def test_everybody_can_use(page: Page) -> None:
    """With a screen reader, a keyboard or a narrow window."""
    assert_accessible(page)
    assert press_through(page)
    assert_no_sideways_scrolling(page)


def test_every_picture_is_drawn_and_no_other() -> None:
    names = {
        f"{shot.name}-{scheme}-{width}.png"
        for shot in SHOTS
        for scheme in ("light", "dark")
        for width in HEIGHTS
    } | {f"{TERMINAL}.png"}

    assert {file.name for file in FOLDER.iterdir()} == names, "run `make screenshots`"
    assert [file.name for file in FOLDER.iterdir() if file.stat().st_size > 100_000] == []
