"""Rules for every page, in each state that `make screenshots` draws."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import chain

import pytest
from playwright.sync_api import Page

from tests.support.browser.accessibility import assert_accessible
from tests.support.browser.condition import Condition, bring_into
from tests.support.browser.keyboard import press_through
from tests.support.browser.layout import assert_no_sideways_scrolling, assert_tables_fit
from tests.support.browser.pages import Visit
from tests.support.browser.site import Site
from tools.screenshots import FOLDER, HEIGHTS
from tools.shots import SHOTS, Shot
from tools.terminal_shot import NAME as TERMINAL

# Other files check these: the parts of the API page that are ours, and a page with a frame.
ELSEWHERE = {"api", "mail"}
OURS = [
    pytest.param(condition, shot, id=shot.name)
    for condition, shots in SHOTS.items()
    for shot in shots
    if shot.name not in ELSEWHERE
]


@pytest.fixture(scope="module")
def condition(request: pytest.FixtureRequest) -> Condition:
    return Condition(request.param)


@pytest.fixture(scope="module")
def site(new_site: Callable[[], AbstractContextManager[Site]], condition: Condition) -> Iterator[Site]:
    with new_site() as site:
        bring_into(site, condition)
        yield site


@pytest.fixture
def page(visited: Visit, site: Site, shot: Shot) -> Page:
    visited.watch.allowed = {404}
    shot.show(visited.page, site)
    return visited.page


@pytest.mark.parametrize(("condition", "shot"), OURS, indirect=["condition"])
def test_everybody_can_use(page: Page) -> None:
    """With a screen reader, a keyboard, a wide or a narrow window."""
    assert_accessible(page)
    assert press_through(page)
    assert_tables_fit(page)
    assert_no_sideways_scrolling(page)


def test_every_picture_is_drawn_and_no_other() -> None:
    names = {
        f"{shot.name}-{scheme}-{width}.png"
        for shot in chain(*SHOTS.values())
        for scheme in ("light", "dark")
        for width in HEIGHTS
    } | {f"{TERMINAL}.png"}

    assert {file.name for file in FOLDER.iterdir()} == names, "run `make screenshots`"
    assert [file.name for file in FOLDER.iterdir() if file.stat().st_size > 100_000] == []
