"""The pages that only development has."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser.accessibility import assert_accessible
from tests.support.browser.keyboard import press_through
from tests.support.browser.layout import assert_no_sideways_scrolling
from tests.support.browser.pages import NARROW, Look, Visit, Visitor
from tests.support.browser.people import press
from tests.support.browser.site import Site

# It tries to run, to leave, to send and to load.
HOSTILE = """\
To: ada@example.com
Subject: Hostile
Content-Type: text/html

<script>top.location = "/sign-up"</script>
<meta http-equiv="refresh" content="0; url=/sign-up">
<img src="/livez" onerror="top.location = '/sign-up'">
<form action="/log-out" method="post"><button>Send</button></form>
<p style="color: red">Hello</p>
"""


def sign_up(page: Page) -> str:
    """Send the form of the start page as it comes, and return its address."""
    page.goto("/")
    email = page.get_by_label("Email address").input_value()
    press(page, "Create this account")
    expect(page).to_have_url("/account?notice=welcome")
    return email


def open_mail(page: Page, site: Site, email: str) -> None:
    site.mail("welcome", to=email)
    page.get_by_role("link", name="Development emails").click()
    page.get_by_role("listitem").filter(has_text=email).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to PyHexaClean")


def test_from_the_start_page_to_a_confirmed_address(
    site: Site, visitor: Visitor, *, has_javascript: bool
) -> None:
    page = visitor(Look(has_javascript=has_javascript)).page
    open_mail(page, site, sign_up(page))

    page.frame_locator("iframe").get_by_role("link", name="Confirm your email address").click()
    press(page, "Confirm my address")

    expect(page).to_have_url("/verify-email/done")


def test_a_link_in_the_text_of_an_email_works(site: Site, visited: Visit) -> None:
    page = visited.page
    open_mail(page, site, sign_up(page))

    page.get_by_text("Text", exact=True).click()
    page.locator("pre").get_by_role("link").first.click()

    expect(page.get_by_role("button", name="Confirm my address")).to_be_visible()


def test_everybody_can_use_them(site: Site, visitor: Visitor) -> None:
    page = visitor(Look(width=NARROW)).page
    open_mail(page, site, sign_up(page))
    assert_accessible(page)
    assert_no_sideways_scrolling(page)

    for path in ("/dev/mails", "/"):
        page.goto(path)
        assert_accessible(page)
        assert press_through(page)
        assert_no_sideways_scrolling(page)


@pytest.mark.parametrize("name", ["Emails", "API", "Dashboard", "Health", "Account"])
def test_the_start_page_links_to_pages_that_exist(visited: Visit, name: str) -> None:
    visited.page.goto("/")

    with visited.page.expect_navigation() as answer:
        visited.page.get_by_role("navigation", name="Development").get_by_role("link", name=name).click()

    assert answer.value.ok


def test_copies_the_command(visited: Visit) -> None:
    page = visited.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/")

    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("pre").text_content()


def test_an_email_does_nothing(site: Site, visited: Visit) -> None:
    (site.mails / "hostile.eml").write_text(HOSTILE)
    page = visited.page
    page.goto("/dev/mails/hostile.eml")
    frame = page.frame_locator("iframe")

    frame.get_by_role("button", name="Send").click()

    expect(frame.get_by_text("Hello")).to_have_css("color", "rgb(255, 0, 0)")
    expect(page).to_have_url("/dev/mails/hostile.eml")
    blocked = visited.watch.faults
    assert [
        fault for fault in blocked if not fault.startswith(("console: ", f"failed: {site.url}/livez"))
    ] == []
    blocked.clear()
