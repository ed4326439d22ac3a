"""The pages of an account that is used a lot, with the longest name and address."""

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.support.browser.accessibility import assert_accessible
from tests.support.browser.keyboard import press_through
from tests.support.browser.layout import assert_no_sideways_scrolling
from tests.support.browser.other_devices import use_other_devices
from tests.support.browser.pages import Look, Visit, Visitor
from tests.support.browser.people import press, sign_up
from tests.support.browser.site import Site

LONGEST_NAME = "W" * 100
LONG_ADDRESS = f"{'a' * 64}@{'b' * 60}.example"


def test_many_sessions_and_events_are_accessible_and_fit_a_narrow_window(visited: Visit, site: Site) -> None:
    page = visited.page
    sign_up(page, LONG_ADDRESS, name=LONGEST_NAME)
    expect(page.get_by_text(LONGEST_NAME)).to_be_visible()
    use_other_devices(site, LONG_ADDRESS)

    for path in ("", "/email", "/verification", "/sessions", "/activity"):
        page.goto(f"/account{path}")
        assert_accessible(page)
        assert_no_sideways_scrolling(page)
        assert press_through(page)


def test_an_export_can_be_downloaded_twice(visitor: Visitor, has_javascript: bool) -> None:  # noqa: FBT001 - a fixture
    email = f"export-{has_javascript}@example.com".lower()
    page = visitor(Look(has_javascript=has_javascript)).page
    sign_up(page, email)
    page.get_by_role("link", name="Export").click()

    for _ in range(2):
        with page.expect_download() as download:
            press(page, "Download")

        exported = json.loads(Path(download.value.path()).read_bytes())
        assert exported["data"]["user"]["email"] == email
